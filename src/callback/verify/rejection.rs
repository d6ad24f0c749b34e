//! Why a request was not taken as a push of the platform.

use std::fmt;

use http::{HeaderValue, Response, StatusCode, header};

use crate::body::Body;

/// Why a request was refused. The response's [`Body::rejection`] tells it to the host's metrics and
/// logs; the sender learns only the status, which is the same 403 for every failed proof of
/// authenticity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// Neither GET nor POST: 405.
    Method,
    /// A parameter of the query comes twice.
    DuplicateParameter,
    /// A parameter of the query is absent or empty.
    MissingParameter,
    /// The timestamp is not a number of ten digits.
    Timestamp,
    /// The timestamp is too far from this machine's clock: a replayed push, or a wrong clock.
    StaleTimestamp,
    /// The `signature` is wrong: another sender, or the Token is not the one in the console.
    Signature,
    /// A clear push, while the app is configured for encrypted ones.
    NotEncrypted,
    /// An encrypted push, while the app is configured for clear ones.
    Encrypted,
    /// The body has no ciphertext that could be read.
    NoCiphertext,
    /// The `msg_signature` is wrong: the body was changed on its way.
    MsgSignature,
    /// The ciphertext does not open: the EncodingAESKey is not the one in the console.
    Undecryptable,
    /// The ciphertext is for another app.
    OtherApp,
    /// The body is larger than the limit: 413.
    BodyTooLarge,
    /// The push was sent before: its signature came with another body, or verified the URL, or was
    /// made for another timestamp, as the document's own time tells.
    Replayed,
    /// The signature can also be read with a timestamp of the last 24 hours, so it may be a captured
    /// one: see [`Callback::ambiguity`](crate::Callback::ambiguity).
    Ambiguous,
    /// The body took too long: 408.
    BodyTimeout,
    /// The body broke off: 400.
    BodyUnread,
    /// The push is authentic, or clear, but its document cannot be parsed: 400.
    Malformed,
}

impl Rejection {
    /// A short name in snake case, fit for a metric's label.
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

    /// The status that the sender sees.
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

    /// The answer, with an empty body.
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
