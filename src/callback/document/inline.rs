//! The elements of a short document, without an allocation.

use std::ops::Range;

use super::node::Node;
use super::span::Span;

/// The maximum number of elements. Typical pushes have fewer.
const FEW: usize = 12;

/// The elements of a short document without nesting.
#[derive(Clone, Default)]
pub(crate) struct Inline {
    /// For each element, the start and end of its name and of its value.
    // 16 bits each, 96 bytes in all: a message is moved from layer to layer.
    places: [[u16; 4]; FEW],
    len: usize,
}

impl Inline {
    /// Adds an element. Returns `None` if there is no slot left, or if the element is beyond the
    /// first 64 KiB, so that its offsets do not fit into 16 bits.
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

    /// Returns the values of the elements with this name. `text` is the document.
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

    pub(super) fn get(&self, index: usize) -> Option<Node> {
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
