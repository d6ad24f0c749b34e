//! An element of a document.

use super::span::Span;

/// An element.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub(super) name: Span,
    pub(super) value: Span,
    /// The index of the first node that is not a descendant of this one.
    pub(super) end: u32,
}
