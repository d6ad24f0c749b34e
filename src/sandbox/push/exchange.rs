//! One request to an app's callback and its answer.

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Limited};
use tower::{Service, ServiceExt};

use super::delivery::{Attempt, Received};
use crate::app::AppId;
use crate::body::Body;
use crate::callback::push::Answer;
use crate::error::BoxError;
use crate::sandbox::directory::Account;

/// The maximum size of a reply, in bytes.
const REPLY_MAX: usize = 64 << 10;

/// Builds a request to an app's callback. Returns `None` if the callback URL is invalid.
pub(in crate::sandbox) fn request(
    account: &Account,
    method: Method,
    query: &str,
    body: Body,
) -> Option<Request<Body>> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::try_from(format!("{}?{query}", account.callback_url)).ok()?;
    request
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    Some(request)
}

/// An error for an answer that could not be received: connection failed, or body broken or too
/// large.
pub(in crate::sandbox) struct Unread {}

/// Sends a request and reads the whole answer.
pub(in crate::sandbox) async fn collect<S, R>(
    target: S,
    request: Request<Body>,
) -> Result<(StatusCode, Bytes), Unread>
where
    S: Service<Request<Body>, Response = Response<R>>,
    R: HttpBody,
    R::Error: Into<BoxError>,
{
    let response = target.oneshot(request).await.map_err(|_| Unread {})?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, REPLY_MAX)
        .collect()
        .await
        .map_err(|_| Unread {})?;
    Ok((head.status, body.to_bytes()))
}

/// Parses an answer's body as the platform does.
pub(in crate::sandbox) fn read(account: &Account, appid: &AppId, body: &[u8]) -> Attempt {
    let (message, encrypted) = match account.outgoing(appid).answer(body) {
        Ok(Answer::Success) => return Attempt::Success,
        Ok(Answer::Clear(message)) => (message, false),
        Ok(Answer::Encrypted { document, .. }) => (document, true),
        Err(why) => return Attempt::Invalid(why),
    };
    Attempt::Reply(Received::new(message, encrypted))
}
