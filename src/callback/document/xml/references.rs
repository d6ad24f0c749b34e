//! Decodes references in text outside of CDATA.

use std::borrow::Cow;

/// The maximum length of a reference's name, with its semicolon. It bounds the search after each
/// `&`, so that a text of many `&` is still decoded in linear time.
const LONGEST: usize = 16;

/// Decodes the references in a text. An unknown reference is kept unchanged.
///
/// Some senders write a character beyond U+FFFF as two references, one for each of its UTF-16
/// surrogates: `&#55357;&#56832;` is 😀. An unpaired surrogate becomes U+FFFD.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('&') {
        decoded.push_str(before);
        let (read, behind) = match reference(from) {
            Some((Reference::Char(read), behind)) => (read, behind),
            Some((Reference::High(high), behind)) => low(high, behind),
            None => ('&', from),
        };
        decoded.push(read);
        rest = behind;
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

enum Reference {
    Char(char),
    /// A high surrogate in UTF-16.
    High(u32),
}

/// Parses a reference after its `&`. Returns it and the rest.
fn reference(from: &str) -> Option<(Reference, &str)> {
    let (name, behind) = name(from)?;
    let read = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => Reference::Char(predefined(name)?),
    };
    Some((read, behind))
}

/// Decodes the low surrogate after `high`. Returns the character and the rest, or U+FFFD if it is
/// absent.
fn low(high: u32, from: &str) -> (char, &str) {
    let joined = from.strip_prefix('&').and_then(|from| {
        let (name, behind) = name(from)?;
        let low = number(name.strip_prefix('#')?)?.checked_sub(0xDC00)?;
        let code = 0x1_0000 + ((high - 0xD800) << 10) + low;
        (low < 0x400).then_some((char::from_u32(code)?, behind))
    });
    joined.unwrap_or((char::REPLACEMENT_CHARACTER, from))
}

/// Splits the text at a semicolon within the first bytes. Returns the name and the rest.
fn name(from: &str) -> Option<(&str, &str)> {
    let len = from.bytes().take(LONGEST).position(|byte| byte == b';')?;
    from.split_at_checked(len)
        .and_then(|(name, behind)| Some((name, behind.strip_prefix(';')?)))
}

fn numbered(text: &str) -> Option<Reference> {
    let code = number(text)?;
    Some(match code {
        0xD800..0xDC00 => Reference::High(code),
        0 => Reference::Char(char::REPLACEMENT_CHARACTER),
        _ => Reference::Char(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
    })
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let all_digits = digits.chars().all(|digit| digit.is_digit(radix));
    all_digits.then(|| u32::from_str_radix(digits, radix).ok())?
}

/// Returns the character of a reference that XML predefines.
fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_the_rest_stays() {
        for (text, read) in [
            ("a&lt;b&#65;&#x4f60;&quot;", "a<bA你\""),
            ("&#55357;&#56832;!", "😀!"),
            ("&#xD83D;&#xDE00;", "😀"),
            ("&#xD83D;&#65;&#xDE00;&#55357;", "\u{fffd}A\u{fffd}\u{fffd}"),
            ("&#0;&#1114112;&#x8;", "\u{fffd}\u{fffd}\u{8}"),
            ("a & b && c&", "a & b && c&"),
            (
                "&nbsp;&;&#;&#x;&#+1;&#99999999999;",
                "&nbsp;&;&#;&#x;&#+1;&#99999999999;",
            ),
            ("a=1&b=2;&amp;", "a=1&b=2;&"),
        ] {
            assert_eq!(decoded(text), read, "{text}");
        }
    }
}
