//! Reads the elements of a document.

use std::fmt;

use super::node::Node;
use crate::callback::document::Document;

/// The elements of one level, in the order of the document; a list is repeated elements of one
/// name.
#[derive(Clone)]
pub struct Fields<'a> {
    document: &'a Document,
    next: usize,
    end: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(document: &'a Document, next: usize, end: usize) -> Self {
        Self {
            document,
            next,
            end,
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        let node = self.document.nodes.get(index)?;
        // Every step moves on, whatever the document says.
        let end = usize::try_from(node.end).ok()?.max(index + 1);
        self.next = end;
        Some(Field {
            document: self.document,
            node,
            index,
            end,
        })
    }
}

impl std::iter::FusedIterator for Fields<'_> {}

/// Prints names alone: the values are a user's.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// One element of a document.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    document: &'a Document,
    node: Node,
    index: usize,
    /// The index of the first node that is not below this one.
    end: usize,
}

impl<'a> Field<'a> {
    /// Its name, such as `Content`.
    pub fn name(&self) -> &'a str {
        self.document.slice(self.node.name)
    }

    /// Its text; empty for an element that has others inside. Numbers are the text they were sent
    /// as.
    pub fn text(&self) -> &'a str {
        self.document.slice(self.node.value)
    }

    /// The elements inside.
    pub fn children(&self) -> Fields<'a> {
        Fields::new(self.document, self.index + 1, self.end)
    }

    /// This element, as a level of its own.
    pub(crate) fn alone(&self) -> Fields<'a> {
        Fields::new(self.document, self.index, self.end)
    }

    /// The text of the first element inside that has this very name.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        let mut children = self.children();
        children
            .find(|child| child.name() == name)
            .map(|child| child.text())
    }
}

/// Prints the name alone: the text is a user's.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(&self.name()).finish()
    }
}
