//! How a parser makes a tree.

use crate::callback::place::place;
use crate::callback::tree::nodes::{Flat, Nodes};
use crate::callback::tree::{Limits, Node, ParseError, Span};

/// Collects the elements while a parser walks over the document.
pub(crate) struct Builder<'a> {
    text: &'a str,
    limits: Limits,
    detached: String,
    nodes: Vec<Node>,
}

/// What a parser made of a document.
pub(crate) struct Parsed {
    pub(super) nodes: Nodes,
    /// The values that follow the document.
    pub(super) detached: String,
}

impl From<Flat> for Parsed {
    fn from(flat: Flat) -> Self {
        Self {
            nodes: Nodes::Flat(flat),
            detached: String::new(),
        }
    }
}

impl<'a> Builder<'a> {
    pub(crate) fn new(text: &'a str, limits: Limits) -> Self {
        Self {
            text,
            limits,
            detached: String::new(),
            nodes: Vec::with_capacity(12),
        }
    }

    /// Begins an element; its value is empty until it is closed.
    pub(crate) fn open(&mut self, name: Span) -> Result<usize, ParseError> {
        if self.nodes.len() >= self.limits.elements {
            return Err(ParseError::Limit);
        }
        self.nodes.push(Node {
            name,
            value: Span::default(),
            end: 0,
        });
        Ok(self.nodes.len() - 1)
    }

    /// Ends an element that was begun.
    pub(crate) fn close(&mut self, node: usize, value: Span) -> Result<(), ParseError> {
        if value.len() > self.limits.field {
            return Err(ParseError::Limit);
        }
        let end = u32::try_from(self.nodes.len()).map_err(|_| ParseError::Limit)?;
        if let Some(node) = self.nodes.get_mut(node) {
            node.value = value;
            node.end = end;
        }
        Ok(())
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn finish(self) -> Parsed {
        Parsed {
            nodes: Nodes::Nested(self.nodes.into()),
            detached: self.detached,
        }
    }

    /// Where `piece` lies in the document, or in a copy behind it.
    pub(crate) fn span(&mut self, piece: &str) -> Result<Span, ParseError> {
        self.find(piece).map_or_else(|| self.keep(piece), Ok)
    }

    /// Where `piece` lies in the document, if it was cut out of it.
    fn find(&self, piece: &str) -> Option<Span> {
        let place = place(self.text, piece)?;
        Span::new(place.start, place.end)
    }

    /// Copies `piece` behind the document.
    pub(crate) fn keep(&mut self, piece: &str) -> Result<Span, ParseError> {
        let start = self.text.len() + self.detached.len();
        self.detached.push_str(piece);
        Span::new(start, start + piece.len()).ok_or(ParseError::Limit)
    }
}

impl Span {
    fn len(self) -> usize {
        usize::try_from(self.end - self.start).unwrap_or(usize::MAX)
    }

    fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }
}
