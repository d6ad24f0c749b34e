//! Writes reply documents in XML or JSON.

use std::borrow::Cow;

use memchr::memchr;

use crate::callback::Format;

/// The name of an element, with the precomputed tags around its value: see [`name`].
pub(crate) struct Name {
    pub(crate) open: &'static str,
    pub(crate) close: &'static str,
    pub(crate) open_text: &'static str,
    pub(crate) close_text: &'static str,
    pub(crate) key: &'static str,
}

/// Builds a [`Name`] at compile time: tags are precomputed, so an element takes few copies.
macro_rules! name {
    ($name:literal) => {
        &$crate::callback::reply::writer::Name {
            open: concat!("<", $name, ">"),
            close: concat!("</", $name, ">"),
            open_text: concat!("<", $name, "><![CDATA["),
            close_text: concat!("]]></", $name, ">"),
            key: concat!("\"", $name, "\":"),
        }
    };
}
pub(crate) use name;

/// Writes a document, element by element, into one buffer of UTF-8.
pub(crate) struct Writer {
    format: Format,
    out: Vec<u8>,
}

impl Writer {
    /// Starts a document after the prefix `front`. `capacity` is the estimated length in bytes.
    pub(crate) fn new(format: Format, front: &[u8], capacity: usize) -> Self {
        let mut out = Vec::with_capacity(front.len() + capacity);
        out.extend_from_slice(front);
        let mut writer = Self { format, out };
        writer.push(match format {
            Format::Xml => "<xml>",
            Format::Json => "{",
        });
        writer
    }

    /// Adds a text, without characters that are illegal in XML.
    pub(crate) fn text(&mut self, name: &Name, text: &str) {
        let text = legal(text);
        match self.format {
            Format::Xml => self.plain(name, &cdata(&text)),
            Format::Json => {
                self.key(name);
                self.push(&json(&text));
            }
        }
    }

    /// Adds a text that needs no escaping in either format, such as digits.
    pub(crate) fn plain(&mut self, name: &Name, text: &str) {
        self.plain_by(name, |out| out.extend_from_slice(text.as_bytes()));
    }

    /// Adds a text that `append` adds to the document, and that needs no escaping in either format.
    pub(crate) fn plain_by<T>(&mut self, name: &Name, append: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        match self.format {
            Format::Xml => self.push(name.open_text),
            Format::Json => {
                self.key(name);
                self.push("\"");
            }
        }
        let result = append(&mut self.out);
        self.push(match self.format {
            Format::Xml => name.close_text,
            Format::Json => "\"",
        });
        result
    }

    /// Adds a text if it is `Some`.
    pub(crate) fn optional(&mut self, name: &Name, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    pub(crate) fn number(&mut self, name: &Name, number: impl Into<u64>) {
        self.open(name);
        self.push(itoa::Buffer::new().format(number.into()));
        self.close(name);
    }

    /// Adds a number that may be negative.
    pub(crate) fn integer(&mut self, name: &Name, number: i64) {
        self.open(name);
        self.push(itoa::Buffer::new().format(number));
        self.close(name);
    }

    /// Adds a nested element.
    pub(crate) fn object(&mut self, name: &Name, inside: impl FnOnce(&mut Self)) {
        self.open(name);
        self.braced(inside);
        self.close(name);
    }

    /// Adds a list. In XML, its elements are called `item`.
    pub(crate) fn list<T>(
        &mut self,
        name: &Name,
        items: impl IntoIterator<Item = T>,
        mut inside: impl FnMut(&mut Self, T),
    ) {
        self.open(name);
        if self.format == Format::Json {
            self.push("[");
        }
        for item in items {
            match self.format {
                Format::Xml => self.object(name!("item"), |writer| inside(writer, item)),
                Format::Json => {
                    self.comma();
                    self.braced(|writer| inside(writer, item));
                }
            }
        }
        if self.format == Format::Json {
            self.push("]");
        }
        self.close(name);
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.push(match self.format {
            Format::Xml => "</xml>",
            Format::Json => "}",
        });
        self.out
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn open(&mut self, name: &Name) {
        match self.format {
            Format::Xml => self.push(name.open),
            Format::Json => self.key(name),
        }
    }

    fn close(&mut self, name: &Name) {
        if self.format == Format::Xml {
            self.push(name.close);
        }
    }

    fn key(&mut self, name: &Name) {
        self.comma();
        self.push(name.key);
    }

    fn braced(&mut self, inside: impl FnOnce(&mut Self)) {
        let (before, after) = match self.format {
            Format::Xml => ("", ""),
            Format::Json => ("{", "}"),
        };
        self.push(before);
        inside(self);
        self.push(after);
    }

    fn comma(&mut self) {
        // Only a new object or list ends like this: a text ends with a quote.
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.push(",");
        }
    }
}

/// Escapes a text for a CDATA section.
pub(crate) fn cdata(text: &str) -> Cow<'_, str> {
    match memchr(b'>', text.as_bytes()) {
        Some(_) => text.replace("]]>", "]]]]><![CDATA[>").into(),
        None => text.into(),
    }
}

/// Quotes a text as JSON. Serializing a string cannot fail.
pub(crate) fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Returns `text` without the characters that are illegal in XML 1.0.
pub(crate) fn legal(text: &str) -> Cow<'_, str> {
    // Fast path over bytes. The fold does not exit early, so that the compiler can vectorize it.
    // 0xEF starts the UTF-8 form of U+FFFE and U+FFFF.
    let doubtful = |byte| byte < b' ' || byte == 0xef;
    if !text.bytes().fold(false, |any, byte| any | doubtful(byte)) {
        return Cow::Borrowed(text);
    }
    if text.chars().all(is_legal) {
        return Cow::Borrowed(text);
    }
    let legal = text.chars().filter(|character| is_legal(*character));
    Cow::Owned(legal.collect())
}

/// Returns whether a character is legal in XML 1.0.
pub(crate) fn is_legal(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..='\u{10ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::document::Document;
    use proptest::prelude::*;

    fn document(format: Format, text: &str) -> String {
        let mut writer = Writer::new(format, b"", 0);
        writer.text(name!("A"), text);
        writer.number(name!("B"), 7u32);
        writer.object(name!("C"), |writer| writer.optional(name!("D"), Some("d")));
        writer.list(name!("E"), ["x", "y"], |writer, item| {
            writer.text(name!("F"), item)
        });
        writer.optional(name!("G"), None);
        String::from_utf8(writer.finish()).unwrap()
    }

    #[test]
    fn both_formats_have_the_same_elements() {
        assert_eq!(
            document(Format::Xml, "a]]>b\u{1}\u{ffff}"),
            "<xml><A><![CDATA[a]]]]><![CDATA[>b]]></A><B>7</B><C><D><![CDATA[d]]></D></C>\
             <E><item><F><![CDATA[x]]></F></item><item><F><![CDATA[y]]></F></item></E></xml>"
        );
        assert_eq!(
            document(Format::Json, "a\"你\u{1}"),
            r#"{"A":"a\"你","B":7,"C":{"D":"d"},"E":[{"F":"x"},{"F":"y"}]}"#
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text: String, brackets in "[\\]>a\u{1}]{0,12}") {
            for text in [text, brackets] {
                for format in [Format::Xml, Format::Json] {
                    let document = Document::parse(document(format, &text)).unwrap();
                    prop_assert_eq!(document.fields().next().unwrap().text(), legal(&text));
                }
            }
        }
    }
}
