//! Where the texts of users lie in a document that they break.

use std::ops::Range;

use crate::callback::document::xml::filled::Filled;
use crate::callback::document::xml::gap::Gap;
use crate::callback::document::xml::marks::last_end;

/// The elements between a field's first and the last field's end mark.
pub(super) struct Parts<'a> {
    /// The name of each and where its value lies in the document.
    pub(super) fields: Vec<(&'a str, Range<usize>)>,
    /// Where the last field's end tag ends.
    pub(super) end: usize,
    /// Whether a text holds all that may stand between two fields, so that there is more than one
    /// way to cut it.
    pub(super) is_ambiguous: bool,
}

impl<'a> Parts<'a> {
    /// Cuts the part of `document` that users filled. It begins at `start`, inside the first
    /// field's CDATA section. `None` if no end mark follows.
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
            // No rule can tell an element in between from one of a user's making.
            if !gap.is_repeated {
                parts.fields.extend(gap.between);
            }
            (field, at) = (gap.field, gap.start);
        }
        parts.fields.push((*filled.names.get(field)?, at..until));
        Some(parts)
    }
}
