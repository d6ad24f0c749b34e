//! Decodes escapes in JSON strings.

use crate::json::code_unit;

/// Decodes the escapes in the content of a string that a parser has accepted. An unpaired UTF-16
/// surrogate becomes U+FFFD.
pub(super) fn unescaped(inside: &str) -> String {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let mut behind = escape.chars();
        let Some(letter) = behind.next() else {
            rest = "";
            break;
        };
        rest = behind.as_str();
        text.push(match letter {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => match code_unit(rest) {
                Some((high @ 0xD800..0xDC00, behind)) => {
                    rest = behind;
                    match low(high, behind) {
                        Some((joined, behind)) => {
                            rest = behind;
                            joined
                        }
                        None => char::REPLACEMENT_CHARACTER,
                    }
                }
                Some((code, behind)) => {
                    rest = behind;
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
                None => char::REPLACEMENT_CHARACTER,
            },
            // A quote, a backslash or a slash: the parser has refused all others.
            letter => letter,
        });
    }
    text.push_str(rest);
    text
}

/// Decodes the low surrogate after `high`. Returns the character and the rest.
fn low(high: u32, from: &str) -> Option<(char, &str)> {
    let (low, behind) = code_unit(from.strip_prefix("\\u")?)?;
    let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    let joined = 0x1_0000 + ((high - 0xD800) << 10) + low;
    Some((char::from_u32(joined)?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_a_character_is_replaced_alone() {
        for (inside, read) in [
            (r"\ud83d\ude00\u4f60\/\\\n", "😀你/\\\n"),
            (r"a\ud83db", "a\u{fffd}b"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ude00\ud83d\n", "\u{fffd}\u{fffd}\n"),
            (r"\ud83d\u00e9", "\u{fffd}é"),
        ] {
            assert_eq!(unescaped(inside), read, "{inside}");
        }
    }

    proptest! {
        #[test]
        fn every_escaped_text_is_read(text: String) {
            let quoted = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(unescaped(&quoted[1..quoted.len() - 1]), text.clone());
            let numbers: String = text.encode_utf16().map(|code| format!("\\u{code:04x}")).collect();
            prop_assert_eq!(unescaped(&numbers), text);
        }
    }
}
