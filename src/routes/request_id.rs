//! The id of a request, in its answer and on its log lines.

use std::fmt;

use http::{HeaderName, HeaderValue, Request, Response};
use rand::RngExt;
use rand::distr::Alphanumeric;

use crate::body::Body;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is accepted from a caller, in bytes.
const MAX_LEN: usize = 128;

#[derive(Debug, Clone)]
pub(super) struct RequestId(String);

impl RequestId {
    /// Returns the caller's `x-request-id`, or a new id if the header is missing, too long, or
    /// contains other characters than letters, digits and `._:-`, which could forge parts of a log
    /// line.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let given = request.headers().get(X_REQUEST_ID);
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let legal = |id: &&str| (1..=MAX_LEN).contains(&id.len()) && id.bytes().all(legal);
        match given.and_then(|id| id.to_str().ok()).filter(legal) {
            Some(id) => Self(id.to_owned()),
            None => {
                let random = rand::rng().sample_iter(Alphanumeric).take(10);
                Self("wxmsg_".chars().chain(random.map(char::from)).collect())
            }
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Sets the header of the answer.
    pub(super) fn stamp(&self, response: &mut Response<Body>) {
        if let Ok(id) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
