//! The elements of a document, in its order.

use std::ops::Range;
use std::sync::Arc;

use crate::callback::tree::{Node, Span};

/// How many elements an ordinary push has at most.
const FEW: usize = 12;

#[derive(Clone)]
pub(crate) enum Nodes {
    /// No memory beside the tree's own.
    Flat(Flat),
    /// Shared by the clones of a tree.
    Nested(Arc<[Node]>),
}

/// The elements of a short document, none of them inside another.
#[derive(Clone, Default)]
pub(crate) struct Flat {
    /// Of each the start and the end of its name and of its value.
    places: [[u16; 4]; FEW],
    len: usize,
}

impl Nodes {
    pub(super) fn get(&self, index: usize) -> Option<Node> {
        match self {
            Self::Flat(flat) => flat.get(index),
            Self::Nested(nodes) => nodes.get(index).copied(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Flat(flat) => flat.len,
            Self::Nested(nodes) => nodes.len(),
        }
    }
}

impl Flat {
    /// Adds an element; `None` if it is one too many, or lies beyond the first 64 KiB.
    pub(crate) fn add(&mut self, name: Range<usize>, value: Range<usize>) -> Option<()> {
        let place = [name.start, name.end, value.start, value.end];
        let slot = self.places.get_mut(self.len)?;
        for (slot, at) in slot.iter_mut().zip(place) {
            *slot = u16::try_from(at).ok()?;
        }
        self.len += 1;
        Some(())
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The value of the first element of this name, of a document that is `text`.
    pub(super) fn named<'a>(&self, text: &'a str, name: &str) -> Option<&'a str> {
        let is = |[start, end, _, _]: &&[u16; 4]| {
            let place = usize::from(*start)..usize::from(*end);
            place.len() == name.len() && text.as_bytes().get(place) == Some(name.as_bytes())
        };
        let [_, _, start, end] = self.places.get(..self.len)?.iter().find(is)?;
        text.get(usize::from(*start)..usize::from(*end))
    }

    fn get(&self, index: usize) -> Option<Node> {
        if index >= self.len {
            return None;
        }
        let [name, name_end, value, value_end] = self.places.get(index)?.map(u32::from);
        let span = |start, end| Span { start, end };
        Some(Node {
            name: span(name, name_end),
            value: span(value, value_end),
            end: u32::try_from(index + 1).ok()?,
        })
    }
}
