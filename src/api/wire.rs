//! Prepares the text of a response for parsing, and describes parse errors.

use super::salvage;
use crate::error::{Error, ErrorKind};
use crate::json::without_controls;

/// Returns the body without leading white space and byte order mark.
pub(crate) fn text(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii_start();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start()
}

/// Replaces invalid UTF-8, lone surrogates, and control characters inside strings. A control
/// character becomes a space.
pub(super) fn repair(body: &[u8]) -> String {
    let text = without_controls(&String::from_utf8_lossy(body));
    salvage::without_halves(&text)
}

/// Creates an error for a response that is not the expected JSON.
///
/// The parser's text is left out: it can quote a value, and a value can be a secret.
pub(super) fn not_understood(error: &serde_json::Error) -> Error {
    let reason = match error.classify() {
        serde_json::error::Category::Data => "a field is missing or of the wrong type",
        serde_json::error::Category::Eof => "it ends too early",
        _ => "it is not JSON",
    };
    let (line, column) = (error.line(), error.column());
    Error::new(
        ErrorKind::Answer,
        format!("could not parse the response: {reason}, at line {line} column {column}"),
    )
}
