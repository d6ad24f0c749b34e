//! The elements of a document, in its order.

use std::sync::Arc;

use crate::callback::tree::Node;

/// How many elements an ordinary push has at most.
const FEW: usize = 8;

/// The elements. Few of them need no memory beside the tree, many are shared by its clones.
#[derive(Clone)]
pub(crate) enum Nodes {
    Few(Few),
    Many(Arc<[Node]>),
}

#[derive(Clone, Default)]
pub(crate) struct Few {
    nodes: [Node; FEW],
    len: usize,
}

impl Nodes {
    pub(super) fn get(&self, index: usize) -> Option<Node> {
        match self {
            Self::Few(few) => few.nodes.get(index).copied().filter(|_| index < few.len),
            Self::Many(nodes) => nodes.get(index).copied(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(few) => few.len,
            Self::Many(nodes) => nodes.len(),
        }
    }
}

/// The elements while they are being found.
#[derive(Default)]
pub(super) struct Growing {
    few: Few,
    /// All of them, once they are many.
    many: Vec<Node>,
}

impl Growing {
    pub(super) fn len(&self) -> usize {
        self.few.len.max(self.many.len())
    }

    pub(super) fn push(&mut self, node: Node) {
        if let Some(slot) = self.few.nodes.get_mut(self.few.len) {
            *slot = node;
            self.few.len += 1;
            return;
        }
        if self.many.is_empty() {
            self.many.reserve(4 * FEW);
            self.many.extend_from_slice(&self.few.nodes);
        }
        self.many.push(node);
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Node> {
        if self.many.is_empty() {
            self.few.nodes.get_mut(index)
        } else {
            self.many.get_mut(index)
        }
    }

    pub(super) fn finish(self) -> Nodes {
        if self.many.is_empty() {
            Nodes::Few(self.few)
        } else {
            Nodes::Many(self.many.into())
        }
    }
}
