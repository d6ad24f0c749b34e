//! The elements of a document, in document order.

use std::sync::Arc;

use bytes::Bytes;

use super::inline::Inline;
use super::node::Node;

#[derive(Clone)]
pub(crate) enum Nodes {
    /// Stored without an allocation.
    Inline(Inline),
    /// Shared by the clones of a document.
    Nested(Arc<Nested>),
}

/// The elements of an arbitrary document.
pub(crate) struct Nested {
    pub(super) nodes: Vec<Node>,
    /// The document as received, if it is not valid UTF-8.
    pub(super) received: Option<Bytes>,
    /// Whether the texts of a user can be delimited in more than one way.
    pub(super) is_ambiguous: bool,
}

impl Nodes {
    pub(super) fn nested(nodes: Vec<Node>, received: Option<Bytes>, is_ambiguous: bool) -> Self {
        Self::Nested(Arc::new(Nested {
            nodes,
            received,
            is_ambiguous,
        }))
    }

    pub(super) fn get(&self, index: usize) -> Option<Node> {
        match self {
            Self::Inline(flat) => flat.get(index),
            Self::Nested(nested) => nested.nodes.get(index).copied(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Inline(flat) => flat.len(),
            Self::Nested(nested) => nested.nodes.len(),
        }
    }
}
