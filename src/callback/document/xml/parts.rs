//! Splits the part of a document that users filled into fields.

use std::ops::Range;

use crate::callback::document::xml::filled::Filled;
use crate::callback::document::xml::gap::Gap;
use crate::callback::document::xml::marks::last_end;

/// The elements from the first to the last field filled by users.
pub(super) struct Parts<'a> {
    /// Their names and the ranges of their values in the document.
    pub(super) fields: Vec<(&'a str, Range<usize>)>,
    /// The end of the last field's end tag.
    pub(super) end: usize,
    /// Whether a text contains everything that may occur between two fields, so that the part can
    /// be split in more than one way.
    pub(super) is_ambiguous: bool,
}

impl<'a> Parts<'a> {
    /// Splits the part of `document` that users filled. It starts at `start`, inside the CDATA
    /// section of the first field. Returns `None` if no end mark follows.
    pub(super) fn find(
        document: &'a str,
        start: usize,
        filled: &'static Filled,
        first: &str,
    ) -> Option<Self> {
        let marks = filled.names.iter();
        let marks = marks.filter_map(|name| last_end(document, start, name));
        let (until, end) = marks.max()?;
        let mut parts = Self {
            fields: Vec::with_capacity(filled.names.len()),
            end,
            is_ambiguous: false,
        };
        let mut field = filled.position(first)?;
        let part = document.get(..until)?;
        let mut at = start;
        while let Some(gap) = Gap::first(part, start, filled, field, at) {
            parts.fields.push((*filled.names.get(field)?, at..gap.end));
            parts.is_ambiguous |= gap.is_repeated;
            // With several possible gaps, an element in between may have been forged by the user.
            if !gap.is_repeated {
                parts.fields.extend(gap.between);
            }
            (field, at) = (gap.field, gap.start);
        }
        parts.fields.push((*filled.names.get(field)?, at..until));
        Some(parts)
    }
}
