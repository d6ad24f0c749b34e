//! The refusal of a command.

use ::http::StatusCode;

/// A command that cannot be followed, and why.
pub(super) struct Refused(pub(super) StatusCode, pub(super) String);

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        let why = match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => format!("a command is sent with POST, and its body is JSON: {error}"),
        };
        Self(StatusCode::BAD_REQUEST, why)
    }
}
