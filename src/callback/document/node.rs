//! One element of a document.

use super::span::Span;

/// One element.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub(super) name: Span,
    pub(super) value: Span,
    /// The index of the first node that is not below this one.
    pub(super) end: u32,
}
