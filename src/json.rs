//! Repairs and decodes JSON as the platform writes it.

/// Replaces each control character inside a string by a space, which keeps all offsets. The platform
/// sends them unescaped, and a parser would refuse them.
pub(crate) fn without_controls(document: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let clean = document.chars().map(|character| {
        let quote = character == '"' && !escaped;
        escaped = in_string && !escaped && character == '\\';
        in_string ^= quote;
        if in_string && character < ' ' {
            ' '
        } else {
            character
        }
    });
    clean.collect()
}

/// Parses the UTF-16 code unit of an escape, four hexadecimal digits after `\u`. Returns it and the
/// text after it.
pub(crate) fn code_unit(digits: &str) -> Option<(u32, &str)> {
    let (digits, behind) = digits.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, behind))
}
