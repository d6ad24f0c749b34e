//! A parsed document: one tree for XML and JSON, over one text.

mod builder;
mod fields;
mod limits;
mod nodes;

pub(crate) use self::builder::{Builder, Parsed};
pub use self::fields::{Field, Fields};
pub use self::limits::Limits;
pub(crate) use self::nodes::Flat;

use std::fmt;

use bytestring::ByteString;

use self::nodes::Nodes;
use crate::callback::{json, xml};

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
    /// It is not well-formed, has a NUL, or needs a document type to be understood.
    Syntax,
    /// It is longer than 1 MiB, or beyond the [`Limits`].
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
///
/// An ordinary message is parsed without a copy and without memory of its own: it is a view of the
/// request's bytes, and so are its clones.
#[derive(Clone)]
pub(crate) struct Tree {
    /// The document as it was received, followed by the values that do not lie in it in one piece.
    text: ByteString,
    raw_len: usize,
    nodes: Nodes,
    format: Format,
}

/// One element.
#[derive(Clone, Copy)]
pub(crate) struct Node {
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
    pub(crate) fn parse(text: impl Into<ByteString>) -> Result<Self, ParseError> {
        Self::parse_within(text.into(), Limits::DEFAULT)
    }

    pub(crate) fn parse_within(text: ByteString, limits: Limits) -> Result<Self, ParseError> {
        if text.len() > MAX_BYTES {
            return Err(ParseError::Limit);
        }
        // No document has one, and another reader could take the text to end there.
        if text.contains('\0') {
            return Err(ParseError::Syntax);
        }
        let document = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_start();
        let (format, parsed) = match document.bytes().next() {
            Some(b'<') => (Format::Xml, xml::parse(&text, document, limits)?),
            Some(b'{') => (Format::Json, json::parse(&text, document, limits)?),
            _ => return Err(ParseError::Format),
        };
        Ok(Self::new(text, format, parsed))
    }

    fn new(mut text: ByteString, format: Format, parsed: Parsed) -> Self {
        let raw_len = text.len();
        if !parsed.detached.is_empty() {
            text = [&*text, &parsed.detached].concat().into();
        }
        Self {
            text,
            raw_len,
            nodes: parsed.nodes,
            format,
        }
    }

    /// What a parser made of an XML document.
    #[cfg(test)]
    pub(crate) fn of(text: &str, parsed: Parsed) -> Self {
        Self::new(text.into(), Format::Xml, parsed)
    }

    pub(crate) fn raw(&self) -> &str {
        self.text.get(..self.raw_len).unwrap_or_default()
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The elements directly below the root.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::new(self, 0, self.nodes.len())
    }

    /// The text of the first of them that has this very name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        if let Nodes::Flat(flat) = &self.nodes {
            return flat.named(&self.text, name);
        }
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
            assert_eq!(Tree::parse(wrong).err(), Some(ParseError::Format));
        }
        let long = format!("<xml>{}</xml>", " ".repeat(MAX_BYTES));
        assert_eq!(Tree::parse(long).err(), Some(ParseError::Limit));
    }

    /// A sample of the platform, with everything a document may have.
    const SAMPLES: [&str; 2] = [
        "<?xml version=\"1.0\"?><xml><A a=\"b\"><![CDATA[你 ]]></A><B> 1&lt;&#x41; <C/></B></xml>",
        r#"{"A":"你\u4f60\n","B":[1,{"C":null,"D":[-1.5e3,true]}],"E":"\\"}"#,
    ];

    proptest! {
        #[test]
        fn damaged_documents_never_panic(sample in 0..2usize, at in 0..80usize, len in 0..4usize, with in ".{0,3}") {
            let characters: Vec<char> = SAMPLES[sample].chars().collect();
            let before = characters.iter().take(at);
            let damaged: String = before.copied().chain(with.chars())
                .chain(characters.iter().skip(at + len).copied()).collect();
            if let Ok(tree) = Tree::parse(damaged.clone()) {
                prop_assert_eq!(tree.raw(), damaged);
                walk(tree.fields());
            }
        }

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
