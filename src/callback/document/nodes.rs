//! The elements of a document, in its order.

use std::sync::Arc;

use bytes::Bytes;

use super::inline::Inline;
use super::node::Node;

#[derive(Clone)]
pub(crate) enum Nodes {
    /// No memory beside the document's own.
    Inline(Inline),
    /// Shared by the clones of a document.
    Nested(Arc<Nested>),
}

/// The elements of any document.
pub(crate) struct Nested {
    pub(super) nodes: Vec<Node>,
    /// The document as it was received, if that is no text.
    pub(super) received: Option<Bytes>,
    /// Whether there is more than one way to tell the texts of a user apart.
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
