//! The id of a request, in its answer and on its log lines.

use http::{HeaderName, HeaderValue, Request};
use tower_http::request_id::{MakeRequestId, RequestId};

use crate::random;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is accepted from a caller, in bytes.
const MAX_LEN: usize = 128;

/// Removes the caller's id if it is too long, or contains other characters than letters, digits and
/// `._:-`, which could forge parts of a log line.
pub(super) fn remove_illegal<B>(mut request: Request<B>) -> Request<B> {
    let given = request.headers().get(X_REQUEST_ID);
    if given.is_some_and(|id| !is_legal(id)) {
        request.headers_mut().remove(X_REQUEST_ID);
    }
    request
}

fn is_legal(id: &HeaderValue) -> bool {
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:-".contains(byte);
    (1..=MAX_LEN).contains(&id.len()) && id.as_bytes().iter().all(legal)
}

/// Makes the id of a request without the header.
#[derive(Clone, Copy)]
pub(super) struct Make;

impl MakeRequestId for Make {
    fn make_request_id<B>(&mut self, request: &Request<B>) -> Option<RequestId> {
        // The layer of a host that uses another header.
        let outer = request.extensions().get::<RequestId>();
        if let Some(outer) = outer.filter(|id| is_legal(id.header_value())) {
            return Some(outer.clone());
        }
        let id = format!("wxmsg_{}", random::alphanumeric(10));
        HeaderValue::try_from(id).ok().map(RequestId::new)
    }
}

/// Returns the id of a request below `SetRequestId`.
pub(super) fn of<B>(request: &Request<B>) -> String {
    let id = request.headers().get(X_REQUEST_ID);
    let id = id.and_then(|id| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}
