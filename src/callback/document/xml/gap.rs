//! Finds the boundary between two fields filled by users, from the end of one to the start of the
//! next.

use std::ops::Range;

use memchr::memmem;

use crate::callback::document::xml::filled::Filled;
use crate::callback::document::xml::marks::{blank, mark_end, simple};

/// The maximum number of elements between two fields. It bounds the work for each end mark, and a
/// user can type many.
const MOST: usize = 8;

/// What is permitted between two fields.
#[derive(Clone, Copy)]
enum Between {
    /// Only what the platform is known to write.
    Known,
    /// Also whitespace inside the marks, and unknown elements.
    Any,
}

/// A position where one field ends and another starts.
pub(super) struct Gap<'a> {
    /// The end of the previous field's value.
    pub(super) end: usize,
    /// The index of the next field, and the start of its value.
    pub(super) field: usize,
    pub(super) start: usize,
    /// The elements between the two fields.
    pub(super) between: Vec<(&'a str, Range<usize>)>,
    /// Whether the document contains another such gap.
    pub(super) is_repeated: bool,
}

impl<'a> Gap<'a> {
    /// Returns the first gap after `field`, whose value starts at `at`. Users' content starts at
    /// `start` of `part`.
    ///
    /// A gap as the platform writes it is preferred; otherwise whitespace and other elements are
    /// permitted. The next field in document order is searched before later ones.
    pub(super) fn first(
        part: &'a str,
        start: usize,
        filled: &'static Filled,
        field: usize,
        at: usize,
    ) -> Option<Self> {
        [Between::Known, Between::Any]
            .into_iter()
            .find_map(|between| {
                (field + 1..filled.names.len()).find_map(|next| {
                    let sought = Sought {
                        part,
                        name: filled.names.get(field)?,
                        next,
                        next_name: filled.names.get(next)?,
                        skipped: filled.names.get(field + 1..next)?,
                        filled,
                        between,
                    };
                    let mut first = sought.all(at).next()?;
                    // From the start: an earlier gap also makes the boundary uncertain.
                    first.is_repeated = sought.all(start).nth(1).is_some();
                    Some(first)
                })
            })
    }
}

/// The parameters of a search for gaps.
struct Sought<'a> {
    part: &'a str,
    name: &'static str,
    next: usize,
    next_name: &'static str,
    /// The fields between the two, which are empty.
    skipped: &'static [&'static str],
    filled: &'static Filled,
    between: Between,
}

impl<'a> Sought<'a> {
    /// Returns all gaps after `from`.
    fn all(&self, from: usize) -> impl Iterator<Item = Gap<'a>> {
        let mark = match self.between {
            Between::Known => format!("]]></{}>", self.name),
            Between::Any => format!("</{}", self.name),
        };
        let mut at = from;
        std::iter::from_fn(move || {
            loop {
                let rest = self.part.as_bytes().get(at..)?;
                let found = at + memmem::find(rest, mark.as_bytes())?;
                at = found + mark.len();
                let ends = match self.between {
                    Between::Known => Some((found, at)),
                    Between::Any => mark_end(self.part, from, found, self.name),
                };
                let gap = ends.and_then(|(end, behind)| self.at(end, behind));
                if gap.is_some() {
                    return gap;
                }
            }
        })
    }

    /// Returns the gap after a value that ends at `end`. Its end tag ends at `at`.
    fn at(&self, end: usize, mut at: usize) -> Option<Gap<'a>> {
        let mut between = Vec::new();
        loop {
            at += blank(self.part.get(at..)?);
            if let Some(start) = self.next_start(at) {
                return Some(Gap {
                    end,
                    field: self.next,
                    start,
                    between,
                    is_repeated: false,
                });
            }
            let (name, value, behind) = simple(self.part, at)?;
            if !self.allows(name) || between.len() == MOST {
                return None;
            }
            between.push((name, value));
            at = behind;
        }
    }

    /// Returns the start of the next field's value, if the field starts at `at`.
    fn next_start(&self, at: usize) -> Option<usize> {
        let tag = self.part.get(at..)?.strip_prefix('<')?;
        let inside = tag.strip_prefix(self.next_name)?.strip_prefix('>')?;
        let space = match self.between {
            Between::Known => 0,
            Between::Any => blank(inside),
        };
        let value = inside.get(space..)?.strip_prefix("<![CDATA[")?;
        Some(self.part.len() - value.len())
    }

    /// Whether an element with this name is permitted in the gap.
    fn allows(&self, name: &str) -> bool {
        let others = match self.between {
            Between::Known => self.filled.between.contains(&name),
            Between::Any => !self.filled.names.contains(&name),
        };
        others || self.skipped.contains(&name)
    }
}
