//! Escapes text from outside for a line or a field of a text log.

use std::fmt::{self, Write};

/// Prints a text and escapes the characters that do not print (`\n`, `\u{1b}`): control characters,
/// line separators and bidirectional marks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Printed<'a>(pub(super) &'a str);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                // `escape_debug` escapes these too, which is only needed inside quotes.
                '"' | '\'' | '\\' => f.write_char(c)?,
                _ => write!(f, "{}", c.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// Prints letters, digits and common punctuation as they are. Any other text is quoted and escaped,
/// so that it can't be read as further fields or lines of the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_alphanumeric() || " .,:;!?()[]/_-'，。：；！？（）".contains(c);
        match self.0.chars().all(plain) {
            true => f.write_str(self.0),
            false => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_print_is_escaped() {
        for c in [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{61c}',
            '\u{feff}',
            '\u{e0001}',
        ] {
            let text = format!("a{c}b");
            let expected = format!("a{}b", c.escape_debug());
            assert!(expected.is_ascii());
            assert_eq!(Printed(&text).to_string(), expected);
            assert_eq!(Quoted(&text).to_string(), format!("\"{expected}\""));
        }
    }

    #[test]
    fn words_are_printed_as_they_are() {
        for text in [
            "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist",
            "argument invalid! data.phrase4.value invalid",
            "参数错误：标题",
        ] {
            assert_eq!(Printed(text).to_string(), text);
            assert_eq!(Quoted(text).to_string(), text);
        }
        assert_eq!(Printed(r#"say "it's" \"#).to_string(), r#"say "it's" \"#);
    }

    #[test]
    fn what_looks_like_fields_is_in_quotes() {
        assert_eq!(
            Quoted(r#"}" level=ERROR"#).to_string(),
            r#""}\" level=ERROR""#
        );
    }
}
