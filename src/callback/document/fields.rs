//! Iterates over the elements of a document.

use std::fmt;

use super::node::Node;
use crate::callback::document::Document;

/// An iterator over the elements of one level, in document order. A list consists of repeated
/// elements with the same name.
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
        // Ensures progress even if `end` is wrong.
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

/// Prints only the names, because the values are a user's content.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// An element of a document.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    document: &'a Document,
    node: Node,
    index: usize,
    /// The index of the first node that is not a descendant of this one.
    end: usize,
}

impl<'a> Field<'a> {
    /// Returns the name, such as `Content`.
    pub fn name(&self) -> &'a str {
        self.document.slice(self.node.name)
    }

    /// Returns the text; empty for an element with children. Numbers are returned as the text that
    /// was received.
    pub fn text(&self) -> &'a str {
        self.document.slice(self.node.value)
    }

    /// Returns the children.
    pub fn children(&self) -> Fields<'a> {
        Fields::new(self.document, self.index + 1, self.end)
    }

    /// Returns an iterator over only this element.
    pub(crate) fn alone(&self) -> Fields<'a> {
        Fields::new(self.document, self.index, self.end)
    }

    /// Returns the text of the first child with exactly this name.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        let mut children = self.children();
        children
            .find(|child| child.name() == name)
            .map(|child| child.text())
    }
}

/// Prints only the name, because the text is a user's content.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(&self.name()).finish()
    }
}
