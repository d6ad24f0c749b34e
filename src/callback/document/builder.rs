//! Collects the output of a parser.

use std::ops::Range;

use bytes::Bytes;

use super::error::ParseError;
use super::inline::Inline;
use super::limits::Limits;
use super::node::Node;
use super::nodes::Nodes;
use super::span::Span;
use super::substr_range::substr_range;

/// Collects the elements while a parser processes a document.
pub(crate) struct Builder<'a> {
    text: &'a str,
    limits: Limits,
    detached: String,
    nodes: Vec<Node>,
}

/// The output of a parser.
pub(crate) struct Parsed {
    pub(super) elements: Elements,
    /// The values that are stored after the document.
    pub(super) detached: String,
    pub(super) is_ambiguous: bool,
}

pub(super) enum Elements {
    Inline(Inline),
    Nested(Vec<Node>),
}

impl From<Inline> for Parsed {
    fn from(flat: Inline) -> Self {
        Self {
            elements: Elements::Inline(flat),
            detached: String::new(),
            is_ambiguous: false,
        }
    }
}

impl Parsed {
    /// Sets whether the texts of a user can be delimited in more than one way.
    pub(crate) fn ambiguous(self, is_ambiguous: bool) -> Self {
        Self {
            is_ambiguous,
            ..self
        }
    }

    /// Returns the elements. `received` is the document if it is not valid UTF-8.
    pub(super) fn nodes(self, received: Option<Bytes>) -> Nodes {
        match self.elements {
            Elements::Inline(flat) if received.is_none() => Nodes::Inline(flat),
            Elements::Inline(flat) => Nodes::nested(flat.nodes().collect(), received, false),
            Elements::Nested(nodes) => Nodes::nested(nodes, received, self.is_ambiguous),
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

    /// Starts an element. Its value is empty until it is closed.
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

    /// Ends an element with its value.
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

    /// Returns the indices of the elements with this name, at any depth.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = usize> {
        let nodes = self.nodes.iter().enumerate();
        nodes.filter_map(move |(at, node)| (self.slice(node.name) == name).then_some(at))
    }

    /// Whether an element has no children.
    pub(crate) fn is_leaf(&self, node: usize) -> bool {
        let node_end = self
            .nodes
            .get(node)
            .and_then(|node| usize::try_from(node.end).ok());
        node_end == Some(node + 1)
    }

    /// Returns the value of the first element with this name directly below the root.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut next = 0;
        while let Some(node) = self.nodes.get(next) {
            if self.slice(node.name) == name {
                return Some(self.slice(node.value));
            }
            // An open element has the end 0.
            next = usize::try_from(node.end).ok()?.max(next + 1);
        }
        None
    }

    fn slice(&self, span: Span) -> &str {
        let detached = || span.within(self.detached.as_bytes(), self.text.len());
        span.within(self.text.as_bytes(), 0)
            .or_else(detached)
            .unwrap_or_default()
    }

    pub(crate) fn finish(self) -> Parsed {
        Parsed {
            elements: Elements::Nested(self.nodes),
            detached: self.detached,
            is_ambiguous: false,
        }
    }

    /// Returns the range of `piece`. Stores a copy if it is not a slice of the document.
    pub(crate) fn span(&mut self, piece: &str) -> Result<Span, ParseError> {
        self.find(piece).map_or_else(|| self.keep(piece), Ok)
    }

    /// Returns the range of `piece`, if it is a slice of the document.
    pub(crate) fn place(&self, piece: &str) -> Option<Range<usize>> {
        substr_range(self.text, piece)
    }

    fn find(&self, piece: &str) -> Option<Span> {
        let place = self.place(piece)?;
        Span::new(place.start, place.end)
    }

    /// Stores a copy of `piece` after the document.
    pub(crate) fn keep(&mut self, piece: &str) -> Result<Span, ParseError> {
        let start = self.text.len() + self.detached.len();
        self.detached.push_str(piece);
        Span::new(start, start + piece.len()).ok_or(ParseError::Limit)
    }
}
