//! The refusals of control commands.

use ::http::StatusCode;

/// The refusal of a command: its HTTP status and error text.
pub(super) struct Refused(pub(super) StatusCode, pub(super) String);

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        let why = match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => format!("expected a POST request with a JSON body: {error}"),
        };
        Self(StatusCode::BAD_REQUEST, why)
    }
}
