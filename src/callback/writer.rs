//! Writes documents in either format.

use std::borrow::Cow;

use memchr::memchr;

use crate::callback::Format;

/// A document that grows element by element in one buffer.
pub(crate) struct Writer {
    format: Format,
    out: String,
}

impl Writer {
    pub(crate) fn new(format: Format, capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push_str(match format {
            Format::Xml => "<xml>",
            Format::Json => "{",
        });
        Self { format, out }
    }

    /// Adds a text, without the characters that XML cannot hold.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.legal(name, &legal(text));
    }

    /// Adds a text that has none of these characters.
    pub(crate) fn legal(&mut self, name: &str, text: &str) {
        match self.format {
            Format::Xml if memchr(b'>', text.as_bytes()).is_some() => {
                self.plain(name, &text.replace("]]>", "]]]]><![CDATA[>"));
            }
            Format::Xml => self.plain(name, text),
            Format::Json => {
                self.open(name);
                // Writing a text as JSON cannot fail.
                self.out
                    .push_str(&serde_json::to_string(text).unwrap_or_default());
            }
        }
    }

    /// Adds a text that needs no care in either format, such as digits.
    pub(crate) fn plain(&mut self, name: &str, text: &str) {
        let (before, after) = match self.format {
            Format::Xml => ("<![CDATA[", "]]>"),
            Format::Json => ("\"", "\""),
        };
        self.open(name);
        self.out.extend([before, text, after]);
        self.close(name);
    }

    /// Adds a text if there is one.
    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    pub(crate) fn number(&mut self, name: &str, number: impl Into<u64>) {
        self.open(name);
        self.out.push_str(itoa::Buffer::new().format(number.into()));
        self.close(name);
    }

    /// Adds an element with others inside.
    pub(crate) fn object(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.open(name);
        self.braced(inside);
        self.close(name);
    }

    /// Adds a list: elements called `item` in XML.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut inside: impl FnMut(&mut Self, T),
    ) {
        self.open(name);
        if self.format == Format::Json {
            self.out.push('[');
        }
        for item in items {
            match self.format {
                Format::Xml => self.object("item", |writer| inside(writer, item)),
                Format::Json => {
                    self.comma();
                    self.braced(|writer| inside(writer, item));
                }
            }
        }
        if self.format == Format::Json {
            self.out.push(']');
        }
        self.close(name);
    }

    pub(crate) fn finish(mut self) -> String {
        self.out.push_str(match self.format {
            Format::Xml => "</xml>",
            Format::Json => "}",
        });
        self.out
    }

    fn open(&mut self, name: &str) {
        self.comma();
        let (before, after) = match self.format {
            Format::Xml => ("<", ">"),
            Format::Json => ("\"", "\":"),
        };
        self.out.extend([before, name, after]);
    }

    fn close(&mut self, name: &str) {
        if self.format == Format::Xml {
            self.out.extend(["</", name, ">"]);
        }
    }

    fn braced(&mut self, inside: impl FnOnce(&mut Self)) {
        let (before, after) = match self.format {
            Format::Xml => ("", ""),
            Format::Json => ("{", "}"),
        };
        self.out.push_str(before);
        inside(self);
        self.out.push_str(after);
    }

    fn comma(&mut self) {
        if self.format == Format::Json && !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
    }
}

/// `text` without the characters that XML 1.0 cannot hold.
pub(crate) fn legal(text: &str) -> Cow<'_, str> {
    // Bytes tell quickly that there is nothing to look for, as in a ciphertext.
    let doubtful = |byte| byte < b' ' || byte == 0xef;
    if !text.bytes().fold(false, |any, byte| any | doubtful(byte)) {
        return Cow::Borrowed(text);
    }
    let is_legal = |character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    if text.chars().all(is_legal) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .filter(|&character| is_legal(character))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::tree::Tree;
    use proptest::prelude::*;

    fn document(format: Format, text: &str) -> String {
        let mut writer = Writer::new(format, 0);
        writer.text("A", text);
        writer.number("B", 7u32);
        writer.object("C", |writer| writer.optional("D", Some("d")));
        writer.list("E", ["x", "y"], |writer, item| writer.text("F", item));
        writer.optional("G", None);
        writer.finish()
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
                    let tree = Tree::parse(document(format, &text)).unwrap();
                    prop_assert_eq!(tree.fields().next().unwrap().text(), legal(&text));
                }
            }
        }
    }
}
