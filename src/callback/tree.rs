//! A parsed document: one tree for XML and JSON, over one text.

use std::fmt;

use crate::callback::{json, xml};

/// The deepest nesting that is taken, the root not counted.
pub(crate) const MAX_DEPTH: usize = 16;
/// The most elements that are taken.
pub(crate) const MAX_NODES: usize = 2048;
/// The longest document that is taken, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// The data format of a push (数据格式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The only format of 公众号.
    Xml,
    /// A choice of 小程序.
    Json,
}

/// Why a text is not a document of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseError {
    /// It begins with neither `<` nor `{`.
    Format,
    /// It is not well-formed, or it needs a document type to be understood.
    Syntax,
    /// It is longer than 1 MiB, nested deeper than 16 levels, or has more than 2048 elements.
    Limit,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "neither XML nor JSON",
            Self::Syntax => "not well-formed",
            Self::Limit => "too long, too deep or too many elements",
        })
    }
}

impl std::error::Error for ParseError {}

/// The elements below the root, in the order of the document. A parent comes before its children.
pub(crate) struct Tree {
    /// The document as it was received, followed by the values that do not lie in it in one piece.
    text: String,
    raw_len: usize,
    nodes: Vec<Node>,
    format: Format,
}

/// One element.
#[derive(Clone, Copy)]
struct Node {
    name: Span,
    value: Span,
    /// The index of the first node that is not below this one.
    end: u32,
}

/// Where a piece of the text lies, in bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Tree {
    /// Parses a document. The format is told by its first character: the Content-Type is not
    /// reliable.
    pub(crate) fn parse(mut text: String) -> Result<Self, ParseError> {
        let raw_len = text.len();
        if raw_len > MAX_BYTES {
            return Err(ParseError::Limit);
        }
        let document = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_start();
        let (format, parsed) = match document.bytes().next() {
            Some(b'<') => (Format::Xml, xml::parse(&text, document)?),
            Some(b'{') => (Format::Json, json::parse(&text, document)?),
            _ => return Err(ParseError::Format),
        };
        text.push_str(&parsed.detached);
        Ok(Self {
            text,
            raw_len,
            nodes: parsed.nodes,
            format,
        })
    }

    pub(crate) fn raw(&self) -> &str {
        self.text.get(..self.raw_len).unwrap_or_default()
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The elements directly below the root.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields {
            tree: self,
            next: 0,
            end: self.nodes.len(),
        }
    }

    /// The text of the first of them that has this very name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields();
        fields
            .find(|field| field.name() == name)
            .map(|field| field.text())
    }

    fn slice(&self, span: Span) -> &str {
        let range = usize::try_from(span.start)
            .ok()
            .zip(usize::try_from(span.end).ok());
        range
            .and_then(|(start, end)| self.text.get(start..end))
            .unwrap_or_default()
    }
}

/// Collects the elements while a parser walks over the document.
pub(crate) struct Builder<'a> {
    text: &'a str,
    detached: String,
    nodes: Vec<Node>,
}

/// What a parser made of a document.
pub(crate) struct Parsed {
    nodes: Vec<Node>,
    detached: String,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            detached: String::new(),
            nodes: Vec::with_capacity(12),
        }
    }

    /// Begins an element; its value is empty until it is closed.
    pub(crate) fn open(&mut self, name: Span) -> Result<usize, ParseError> {
        if self.nodes.len() == MAX_NODES {
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
        let end = u32::try_from(self.nodes.len()).map_err(|_| ParseError::Limit)?;
        if let Some(node) = self.nodes.get_mut(node) {
            node.value = value;
            node.end = end;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Parsed {
        Parsed {
            nodes: self.nodes,
            detached: self.detached,
        }
    }

    /// Where `piece` lies in the document, or in a copy behind it.
    pub(crate) fn span(&mut self, piece: &str) -> Result<Span, ParseError> {
        self.find(piece).map_or_else(|| self.keep(piece), Ok)
    }

    /// Where `piece` lies in the document, if it was cut out of it.
    fn find(&self, piece: &str) -> Option<Span> {
        let start = piece
            .as_ptr()
            .addr()
            .checked_sub(self.text.as_ptr().addr())?;
        let end = start.checked_add(piece.len())?;
        self.text.get(start..end)?;
        Span::new(start, end)
    }

    /// Copies `piece` behind the document.
    pub(crate) fn keep(&mut self, piece: &str) -> Result<Span, ParseError> {
        let start = self.text.len() + self.detached.len();
        self.detached.push_str(piece);
        Span::new(start, start + piece.len()).ok_or(ParseError::Limit)
    }
}

impl Span {
    fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }
}

/// The elements of one level, in the order of the document; a list is repeated elements of one
/// name.
#[derive(Clone)]
pub struct Fields<'a> {
    tree: &'a Tree,
    next: usize,
    end: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        let node = *self.tree.nodes.get(index)?;
        let end = usize::try_from(node.end).ok()?;
        // Every step moves on, whatever the tree says.
        self.next = end.max(index + 1);
        Some(Field {
            tree: self.tree,
            node,
            children: Fields {
                tree: self.tree,
                next: index + 1,
                end,
            },
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
#[derive(Clone)]
pub struct Field<'a> {
    tree: &'a Tree,
    node: Node,
    children: Fields<'a>,
}

impl<'a> Field<'a> {
    /// Its name, such as `Content`.
    pub fn name(&self) -> &'a str {
        self.tree.slice(self.node.name)
    }

    /// Its text; empty for an element that has others inside. Numbers are the text they were sent
    /// as.
    pub fn text(&self) -> &'a str {
        self.tree.slice(self.node.value)
    }

    /// The elements inside.
    pub fn children(&self) -> Fields<'a> {
        self.children.clone()
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn walk(fields: Fields<'_>) -> usize {
        fields
            .map(|field| field.name().len() + field.text().len() + walk(field.children()))
            .sum()
    }

    #[test]
    fn only_xml_and_json_objects_are_documents() {
        for wrong in ["", " ", "\u{feff}", "success", "[1]", "\"text\"", "1"] {
            assert_eq!(Tree::parse(wrong.into()).err(), Some(ParseError::Format));
        }
        let long = format!("<xml>{}</xml>", " ".repeat(MAX_BYTES));
        assert_eq!(Tree::parse(long).err(), Some(ParseError::Limit));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text: String, xml in "<[<>a/&;!\\[\\]CDAT \u{feff}]{0,40}", json in "\\{[{}\\[\\]\",:a0-9.\\\\u \u{1}-]{0,40}") {
            for text in [text, xml, json] {
                if let Ok(tree) = Tree::parse(text.clone()) {
                    prop_assert_eq!(tree.raw(), text);
                    walk(tree.fields());
                }
            }
        }
    }
}
