//! Documents that are not text throughout.

use std::borrow::Cow;

/// Reads bytes as text. Those that are no UTF-8 become U+FFFD; what stands around them stays.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The same, for a JSON document whose strings are not in UTF-8.
///
/// The second byte of a GBK character may be that of a backslash, which would escape the quote
/// behind it. So what follows a byte that is no UTF-8 is no backslash of the document's own.
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
