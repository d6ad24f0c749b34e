//! The text of an answer, and what is wrong with one that cannot be read.

use super::salvage;
use crate::error::{Error, ErrorKind};

/// The body from its first character on: without white space and a byte order mark in front.
pub(crate) fn text(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii_start();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start()
}

/// Replaces what is not UTF-8 and halves of characters, and control characters inside strings by a
/// space.
pub(super) fn repair(body: &[u8]) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let repaired = |c: char| {
        let result = if in_string && c < ' ' { ' ' } else { c };
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        result
    };
    let text: String = String::from_utf8_lossy(body)
        .chars()
        .map(repaired)
        .collect();
    salvage::without_halves(&text)
}

/// An answer that is not the JSON that it should be. The parser's own text may quote a value, and a
/// value may be a secret.
pub(super) fn not_understood(error: &serde_json::Error) -> Error {
    let reason = match error.classify() {
        serde_json::error::Category::Data => "a field is missing or of another type",
        serde_json::error::Category::Eof => "it ends too early",
        _ => "it is not JSON",
    };
    let (line, column) = (error.line(), error.column());
    Error::new(
        ErrorKind::Answer,
        format!("the answer was not understood: {reason}, at line {line} column {column}"),
    )
}
