//! The elements of a document, in its order.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::callback::tree::{Node, Span};

/// How many elements an ordinary push has at most.
const FEW: usize = 12;

#[derive(Clone)]
pub(crate) enum Nodes {
    /// No memory beside the tree's own.
    Flat(Flat),
    /// Shared by the clones of a tree.
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

/// The elements of a short document, none of them inside another.
#[derive(Clone, Default)]
pub(crate) struct Flat {
    /// Of each the start and the end of its name and of its value.
    places: [[u16; 4]; FEW],
    len: usize,
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
            Self::Flat(flat) => flat.get(index),
            Self::Nested(nested) => nested.nodes.get(index).copied(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Flat(flat) => flat.len,
            Self::Nested(nested) => nested.nodes.len(),
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

    pub(super) fn nodes(&self) -> impl Iterator<Item = Node> {
        (0..self.len).filter_map(|index| self.get(index))
    }

    /// The values of the elements of this name, of a document that is `text`.
    pub(crate) fn named<'a>(&self, text: &'a [u8], name: &str) -> impl Iterator<Item = &'a str> {
        let is = move |[start, end, _, _]: &&[u16; 4]| {
            let place = usize::from(*start)..usize::from(*end);
            place.len() == name.len() && text.get(place) == Some(name.as_bytes())
        };
        let places = self.places.get(..self.len).unwrap_or_default();
        places.iter().filter(is).map(|[_, _, start, end]| {
            let value = text.get(usize::from(*start)..usize::from(*end));
            simdutf8::basic::from_utf8(value.unwrap_or_default()).unwrap_or_default()
        })
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
