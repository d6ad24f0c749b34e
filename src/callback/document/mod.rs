//! Parses XML and JSON documents into one representation, independent of their meaning.

mod builder;
mod error;
mod fields;
mod format;
mod inline;
mod json;
mod limits;
mod lossy;
mod node;
mod nodes;
mod span;
pub(crate) mod substr_range;
mod xml;

pub use self::error::ParseError;
pub use self::fields::{Field, Fields};
pub(crate) use self::format::Author;
pub use self::format::Format;
pub use self::limits::Limits;

use bytes::Bytes;

use self::builder::Parsed;
use self::nodes::Nodes;
use self::span::Span;

/// The maximum length of a document, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// The elements below the root, in document order. A parent precedes its children.
///
/// A typical message is parsed without copying and without allocating. The document and its clones
/// share the request buffer.
#[derive(Clone)]
pub(crate) struct Document {
    /// The document as text, followed by values that are not contiguous in it.
    text: Bytes,
    raw_len: u32,
    nodes: Nodes,
    format: Format,
}

impl Document {
    /// Parses a push. The first character decides the format: the Content-Type is not reliable.
    pub(crate) fn parse(text: impl Into<String>) -> Result<Self, ParseError> {
        Self::parse_within(text.into().into(), Limits::DEFAULT, Author::Platform)
    }

    /// Parses a document of the given author. Invalid UTF-8 is read as U+FFFD.
    pub(crate) fn parse_within(
        bytes: Bytes,
        limits: Limits,
        author: Author,
    ) -> Result<Self, ParseError> {
        if bytes.len() > MAX_BYTES {
            return Err(ParseError::Limit);
        }
        // `basic` is faster and does not tell where the text is invalid, which is not needed.
        if let Ok(text) = simdutf8::basic::from_utf8(&bytes) {
            let (format, parsed) = read(text, limits, author)?;
            return Ok(Self::new(bytes, format, parsed, None));
        }
        let read = |text: String| {
            let (format, parsed) = read(&text, limits, author)?;
            Ok(Self::new(text.into(), format, parsed, Some(bytes.clone())))
        };
        // `lossy::json` may drop backslashes: tried only if the plain replacement does not parse.
        read(lossy::text(&bytes).into_owned()).or_else(|error| {
            let json = read(lossy::json(&bytes)).ok();
            json.filter(|document| document.format == Format::Json)
                .ok_or(error)
        })
    }

    fn new(mut text: Bytes, format: Format, parsed: Parsed, received: Option<Bytes>) -> Self {
        // Fits: the length is at most `MAX_BYTES`.
        let raw_len = u32::try_from(text.len()).unwrap_or(u32::MAX);
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

    /// Creates an XML document from the output of a parser.
    #[cfg(test)]
    pub(crate) fn of(text: &str, parsed: Parsed) -> Self {
        Self::new(text.to_owned().into(), Format::Xml, parsed, None)
    }

    pub(crate) fn raw(&self) -> &str {
        simdutf8::basic::from_utf8(self.raw_bytes()).unwrap_or_default()
    }

    fn raw_bytes(&self) -> &[u8] {
        let len = usize::try_from(self.raw_len).unwrap_or(usize::MAX);
        self.text.get(..len).unwrap_or_default()
    }

    /// Returns the document as received.
    pub(crate) fn received(&self) -> &[u8] {
        let received = match &self.nodes {
            Nodes::Nested(nested) => nested.received.as_deref(),
            Nodes::Inline(_) => None,
        };
        received.unwrap_or_else(|| self.raw_bytes())
    }

    /// Whether the texts of a user can be delimited in more than one way.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match &self.nodes {
            Nodes::Nested(nested) => nested.is_ambiguous,
            Nodes::Inline(_) => false,
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Returns the elements directly below the root.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::new(self, 0, self.nodes.len())
    }

    /// Returns the text of the first field with exactly this name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        if let Nodes::Inline(flat) = &self.nodes {
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

/// Prints fields as `name=text` or `name(children)`, for the tests of the parsers.
#[cfg(test)]
fn show(fields: Fields<'_>) -> String {
    let shown = fields.map(|field| match field.children().next() {
        None => format!("{}={}", field.name(), field.text()),
        Some(_) => format!("{}({})", field.name(), show(field.children())),
    });
    shown.collect::<Vec<_>>().join(",")
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
            assert_eq!(Document::parse(wrong).err(), Some(ParseError::Format));
        }
        let long = format!("<xml>{}</xml>", " ".repeat(MAX_BYTES));
        assert_eq!(Document::parse(long).err(), Some(ParseError::Limit));
    }

    /// Samples in both formats with all the constructs of a document.
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
            if let Ok(document) = Document::parse(damaged.clone()) {
                prop_assert_eq!(document.raw(), damaged);
                walk(document.fields());
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text: String, xml in "<[<>a/&;!\\[\\]CDAT \u{feff}]{0,40}", json in "\\{[{}\\[\\]\",:a0-9.\\\\u \u{1}-]{0,40}") {
            for text in [text, xml, json] {
                if let Ok(document) = Document::parse(text.clone()) {
                    prop_assert_eq!(document.raw(), text);
                    walk(document.fields());
                }
            }
        }
    }
}
