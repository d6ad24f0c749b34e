//! What stands between two fields that users fill, from the end mark of one to the start mark of the
//! next.

use std::ops::Range;

use memchr::memmem;

use crate::callback::document::xml::filled::Filled;
use crate::callback::document::xml::marks::{blank, mark_end, simple};

/// The most elements that are looked at between two fields.
const MOST: usize = 8;

/// What may stand between two fields.
#[derive(Clone, Copy)]
enum Between {
    /// What the platform is known to write there.
    Known,
    /// White space within the marks, and elements that are not known yet.
    Any,
}

/// A place where one field ends and another begins.
pub(super) struct Gap<'a> {
    /// Where the value in front of it ends.
    pub(super) end: usize,
    /// Which field follows, and where its value starts.
    pub(super) field: usize,
    pub(super) start: usize,
    /// The elements between the two.
    pub(super) between: Vec<(&'a str, Range<usize>)>,
    /// Whether there is another place like it.
    pub(super) is_repeated: bool,
}

impl<'a> Gap<'a> {
    /// The first gap behind `field`, whose value starts at `at`, as the platform writes it; failing
    /// that, with white space or other elements in it. The next field in the document's order is
    /// looked for before those after it. `part` is filled by users from `start` on.
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
                    first.is_repeated = sought.all(start).nth(1).is_some();
                    Some(first)
                })
            })
    }
}

/// A gap that is looked for.
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
    /// All of them behind `from`.
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

    /// The gap behind a value that ends at `end`, with its end tag, which ends at `at`.
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

    /// Where the next field's value starts, if its start mark is at `at`.
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

    /// Whether an element of this name may stand in the gap.
    fn allows(&self, name: &str) -> bool {
        let others = match self.between {
            Between::Known => self.filled.between.contains(&name),
            Between::Any => !self.filled.names.contains(&name),
        };
        others || self.skipped.contains(&name)
    }
}
