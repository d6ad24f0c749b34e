//! Decodes documents that are not valid UTF-8.

use std::borrow::Cow;

/// Decodes bytes as UTF-8. Invalid sequences are replaced by U+FFFD; the rest is unchanged.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Decodes a JSON document whose strings are not UTF-8.
///
/// The second byte of a GBK character can equal a backslash, which would escape the quote after it.
/// A backslash directly after an invalid byte is therefore treated as part of a character.
pub(super) fn json(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut broken = false;
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        let half = broken.then(|| valid.strip_prefix('\\')).flatten();
        text.push_str(half.unwrap_or(valid));
        broken = !chunk.invalid().is_empty();
        if broken {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_broken_character_is_replaced_alone() {
        assert_eq!(text(b"a\xe4\xbd]]><b>\xff"), "a\u{fffd}]]><b>\u{fffd}");
        assert_eq!(text("你".as_bytes()), "你");
        assert_eq!(
            json(b"{\"a\":\"\x8e\x5c\",\"b\":\"\\n\xe4\"}"),
            "{\"a\":\"\u{fffd}\",\"b\":\"\\n\u{fffd}\"}"
        );
    }
}
