//! The reasons for refusing a request.

use std::fmt;

use http::{HeaderValue, Response, StatusCode, header};

use crate::body::Body;

/// The reason why a request was refused. It is available from the response's [`Body::rejection`],
/// for metrics and logs. The sender sees only the status, which is the same 403 for every failed
/// proof of authenticity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// Neither GET nor POST: 405.
    Method,
    /// A query parameter occurs twice.
    DuplicateParameter,
    /// A query parameter is absent or empty.
    MissingParameter,
    /// The timestamp is not a number of ten digits.
    Timestamp,
    /// The timestamp is too far from the local clock: the push is a replay, or a clock is wrong.
    StaleTimestamp,
    /// The `signature` is wrong: the sender is not the platform, or the Token differs from the
    /// console.
    Signature,
    /// A plaintext push, although the app is configured for encrypted pushes.
    NotEncrypted,
    /// An encrypted push, although the app is configured for plaintext pushes.
    Encrypted,
    /// The body contains no readable ciphertext.
    NoCiphertext,
    /// The `msg_signature` is wrong: the body was modified in transit.
    MsgSignature,
    /// The ciphertext cannot be decrypted: the EncodingAESKey differs from the console.
    Undecryptable,
    /// The ciphertext is for another app.
    OtherApp,
    /// The body is larger than the limit: 413.
    BodyTooLarge,
    /// The push is a replay. Its signature was seen with another body, was used to verify the URL,
    /// or was made for another timestamp according to the document's `CreateTime`.
    Replayed,
    /// The signature can also be read with another timestamp of the last 24 hours, so it may have
    /// been captured: see [`Callback::ambiguity`](crate::Callback::ambiguity).
    Ambiguous,
    /// Reading the body timed out: 408.
    BodyTimeout,
    /// The body broke off: 400.
    BodyUnread,
    /// The document cannot be parsed, although the push is authentic or in plaintext: 400.
    Malformed,
}

impl Rejection {
    /// Returns a short name in snake case, suitable as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::DuplicateParameter => "duplicate_parameter",
            Self::MissingParameter => "missing_parameter",
            Self::Timestamp => "timestamp",
            Self::StaleTimestamp => "stale_timestamp",
            Self::Signature => "signature",
            Self::NotEncrypted => "not_encrypted",
            Self::Encrypted => "encrypted",
            Self::NoCiphertext => "no_ciphertext",
            Self::MsgSignature => "msg_signature",
            Self::Undecryptable => "undecryptable",
            Self::OtherApp => "other_app",
            Self::BodyTooLarge => "body_too_large",
            Self::Replayed => "replayed",
            Self::Ambiguous => "ambiguous",
            Self::BodyTimeout => "body_timeout",
            Self::BodyUnread => "body_unread",
            Self::Malformed => "malformed",
        }
    }

    /// Returns the status that the sender sees.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyUnread | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::DuplicateParameter
            | Self::MissingParameter
            | Self::Timestamp
            | Self::StaleTimestamp
            | Self::Signature
            | Self::NotEncrypted
            | Self::Encrypted
            | Self::NoCiphertext
            | Self::MsgSignature
            | Self::Undecryptable
            | Self::OtherApp
            | Self::Replayed
            | Self::Ambiguous => StatusCode::FORBIDDEN,
        }
    }

    /// Returns the response, with an empty body.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::refused(self));
        *response.status_mut() = self.status();
        if self == Self::Method {
            let allow = HeaderValue::from_static("GET, POST");
            response.headers_mut().insert(header::ALLOW, allow);
        }
        response
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
