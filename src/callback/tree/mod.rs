//! A parsed document: one tree for XML and JSON, over one text.

mod builder;
mod fields;
mod limits;
mod lossy;
mod nodes;

pub(crate) use self::builder::{Builder, Parsed};
pub use self::fields::{Field, Fields};
pub use self::limits::Limits;
pub(crate) use self::nodes::Flat;

use std::fmt;

use bytes::Bytes;

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

/// Who wrote a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// The platform, around texts of users that it does not escape: a push.
    Platform,
    /// A host, or the platform without any user's text: a reply, an envelope.
    Host,
}

/// Why a text is not a document of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseError {
    /// It begins with neither `<` nor `{`.
    Format,
    /// It is not well-formed, or has a document type.
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
    /// The document as text, followed by the values that do not lie in it in one piece.
    text: Bytes,
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
    /// Parses a push. The format is told by its first character: the Content-Type is not reliable.
    pub(crate) fn parse(text: impl Into<String>) -> Result<Self, ParseError> {
        Self::parse_within(text.into().into(), Limits::DEFAULT, Author::Platform)
    }

    /// Parses a document of this author's. Bytes that are no UTF-8 are read as U+FFFD.
    pub(crate) fn parse_within(
        bytes: Bytes,
        limits: Limits,
        author: Author,
    ) -> Result<Self, ParseError> {
        if bytes.len() > MAX_BYTES {
            return Err(ParseError::Limit);
        }
        if let Ok(text) = simdutf8::basic::from_utf8(&bytes) {
            let (format, parsed) = read(text, limits, author)?;
            return Ok(Self::new(bytes, format, parsed, None));
        }
        let read = |text: String| {
            let (format, parsed) = read(&text, limits, author)?;
            Ok(Self::new(text.into(), format, parsed, Some(bytes.clone())))
        };
        read(lossy::text(&bytes).into_owned()).or_else(|error| {
            let json = read(lossy::json(&bytes)).ok();
            json.filter(|tree| tree.format == Format::Json).ok_or(error)
        })
    }

    fn new(mut text: Bytes, format: Format, parsed: Parsed, received: Option<Bytes>) -> Self {
        let raw_len = text.len();
        if !parsed.detached.is_empty() {
            text = [&*text, parsed.detached.as_bytes()].concat().into();
        }
        Self {
            text,
            raw_len,
            nodes: parsed.nodes(received),
            format,
        }
    }

    /// What a parser made of an XML document.
    #[cfg(test)]
    pub(crate) fn of(text: &str, parsed: Parsed) -> Self {
        Self::new(text.to_owned().into(), Format::Xml, parsed, None)
    }

    pub(crate) fn raw(&self) -> &str {
        let raw = self.text.get(..self.raw_len).unwrap_or_default();
        simdutf8::basic::from_utf8(raw).unwrap_or_default()
    }

    /// The document as it was received.
    pub(crate) fn received(&self) -> &[u8] {
        let received = match &self.nodes {
            Nodes::Nested(nested) => nested.received.as_deref(),
            Nodes::Flat(_) => None,
        };
        let text = || self.text.get(..self.raw_len).unwrap_or_default();
        received.unwrap_or_else(text)
    }

    /// Whether there is more than one way to tell the texts of a user apart.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match &self.nodes {
            Nodes::Nested(nested) => nested.is_ambiguous,
            Nodes::Flat(_) => false,
        }
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
            return flat.named(&self.text, name).next();
        }
        let mut fields = self.fields();
        fields
            .find(|field| field.name() == name)
            .map(|field| field.text())
    }

    fn slice(&self, span: Span) -> &str {
        span.within(&self.text, 0).unwrap_or_default()
    }
}

fn read(text: &str, limits: Limits, author: Author) -> Result<(Format, Parsed), ParseError> {
    let document = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    Ok(match document.bytes().next() {
        Some(b'<') => (Format::Xml, xml::parse(text, document, limits, author)?),
        Some(b'{') => (Format::Json, json::parse(text, document, limits)?),
        _ => return Err(ParseError::Format),
    })
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
