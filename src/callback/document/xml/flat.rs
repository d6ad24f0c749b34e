//! A fast path for flat documents, the shape of nearly all pushes.

use std::ops::Range;

use memchr::memchr;

use crate::callback::document::inline::Inline;
use crate::callback::document::limits::Limits;

/// The bytes that are permitted in a name.
#[allow(clippy::indexing_slicing)]
static NAME: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        bytes[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    bytes
};

/// Parses a document of the form `<xml><Name><![CDATA[value]]></Name><Name>value</Name></xml>`,
/// with optional whitespace between the elements. The document starts at `start` of `text`.
///
/// Returns `None` for anything else, including a prolog, an attribute, an entity, a comment, a
/// nested element, a syntax error or an exceeded limit. The XML parser then decides. If this
/// function accepts a document, both parsers return the same result.
pub(super) fn parse(text: &str, start: usize, limits: Limits) -> Option<Inline> {
    // All elements have the depth 1.
    if limits.depth == 0 {
        return None;
    }
    let mut flat = Inline::default();
    let mut cursor = Cursor {
        bytes: text.as_bytes(),
        at: start,
    };
    cursor.take(b"<xml>")?;
    loop {
        cursor.skip_space();
        cursor.take(b"<")?;
        if cursor.take(b"/xml>").is_some() {
            cursor.skip_space();
            return cursor.rest()?.is_empty().then_some(flat);
        }
        let name = cursor.name()?;
        let value = match cursor.take(b"<![CDATA[") {
            Some(()) => cursor.cdata()?,
            None => trimmed(text, cursor.plain()?)?,
        };
        cursor.take(b"</")?;
        cursor.take_again(&name)?;
        cursor.take(b">")?;
        if flat.len() >= limits.elements || value.len() > limits.field {
            return None;
        }
        flat.add(name, value)?;
    }
}

/// The position of the parser. It only stops next to ASCII characters, so slices are valid UTF-8.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> Option<&'a [u8]> {
        self.bytes.get(self.at..)
    }

    /// Consumes `expected`.
    fn take<const N: usize>(&mut self, expected: &[u8; N]) -> Option<()> {
        let found = self.rest()?.first_chunk::<N>()? == expected;
        found.then(|| self.at += N)
    }

    /// Consumes a repetition of an earlier name.
    fn take_again(&mut self, name: &Range<usize>) -> Option<()> {
        let found = self.rest()?.starts_with(self.bytes.get(name.clone())?);
        found.then(|| self.at += name.len())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// Consumes the name of an element and its `>`.
    fn name(&mut self) -> Option<Range<usize>> {
        let rest = self.rest()?;
        let len = memchr(b'>', rest)?;
        let (first, others) = rest.get(..len)?.split_first()?;
        let legal = |byte: &u8| NAME.get(usize::from(*byte)) == Some(&true);
        if first.is_ascii_digit() || !legal(first) || !others.iter().all(legal) {
            return None;
        }
        let start = self.at;
        self.at += len + 1;
        Some(start..start + len)
    }

    /// Consumes the content and the end of a CDATA section. Returns the content.
    fn cdata(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        loop {
            let end = self.at + memchr(b'>', self.rest()?)?;
            self.at = end + 1;
            if self.bytes.get(start..end)?.ends_with(b"]]") {
                return Some(start..end - 2);
            }
        }
    }

    /// Consumes the text up to the next tag.
    fn plain(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = self.rest()?;
        let len = memchr(b'<', rest)?;
        let unusual = |byte: &u8| matches!(byte, b'&' | b'>');
        if rest.get(..len)?.iter().any(unusual) {
            return None;
        }
        self.at += len;
        Some(start..self.at)
    }
}

/// Removes the whitespace around a value.
fn trimmed(text: &str, value: Range<usize>) -> Option<Range<usize>> {
    let untrimmed = text.get(value.clone())?;
    let end = value.start + untrimmed.trim_end().len();
    let start = value.end - untrimmed.trim_start().len();
    Some(start.min(end)..end)
}
