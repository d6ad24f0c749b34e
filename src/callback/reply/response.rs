//! The HTTP responses of the callback.

use http::{HeaderValue, Response, StatusCode, header};

use crate::app::AppId;
use crate::body::Body;
use crate::callback::metrics::count;
use crate::callback::verify::crypto;
use crate::callback::verify::verifier::Opened;
use crate::callback::{Format, Message, Reply};
use crate::clock::SharedClock;

/// Returns the platform's `echostr`. The sender controls it, so it must not be read as HTML.
pub(crate) fn echo(appid: &AppId, echostr: String) -> Response<Body> {
    count(appid, "echo");
    let mut response = Response::new(Body::from(echostr));
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, plain);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Writes the reply in the format and mode of the push, dated by `clock`.
pub(crate) fn reply(reply: &Reply, opened: &Opened, clock: &SharedClock) -> Response<Body> {
    let (message, appid) = (&opened.message, opened.message.appid());
    if reply.is_empty() {
        return told(message, success(appid), "success");
    }
    if !message.shows_replies() && !reply.suits_mini_program() {
        tracing::warn!(%appid, "a mini-program cannot send this reply: sent success instead");
        return told(message, success(appid), "success");
    }
    if !reply.suits(message.format()) {
        tracing::warn!(%appid, "the reply is not in the format of the push: sent success instead");
        return told(message, success(appid), "success");
    }
    let now = clock.unix();
    let front = opened.seal.as_ref().map_or(&b""[..], |_| &crypto::ROOM);
    let Some(document) = reply.document(message, now, front) else {
        return told(message, success(appid), "success");
    };
    count(appid, "reply");
    let format = message.format();
    let body = match &opened.seal {
        Some(seal) => seal.envelope(format, document, appid, now, random()),
        None => document,
    };
    let mut response = Response::new(Body::from(body));
    let content_type = HeaderValue::from_static(match format {
        Format::Xml => "text/xml; charset=utf-8",
        Format::Json => "application/json; charset=utf-8",
    });
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    told(message, response, "reply")
}

/// Logs one line about an answered push.
fn told(message: &Message, response: Response<Body>, outcome: &'static str) -> Response<Body> {
    // Passed as field values, so that they are evaluated only if a subscriber is interested.
    tracing::info!(
        appid = message.appid().as_str(),
        kind = message.msg_type(),
        event = message.event_name(),
        msg_id = message.msg_id(),
        outcome,
        "a push was answered"
    );
    response
}

fn random() -> [u8; 16] {
    // A `[u8; 16]` would take four times as many words from the generator.
    rand::random::<u128>().to_ne_bytes()
}

/// Returns the response `success`, for an empty reply.
pub(crate) fn success(appid: &AppId) -> Response<Body> {
    count(appid, "success");
    // Without a Content-Type: the platform needs none, and the first header costs two allocations.
    Response::new(Body::from("success"))
}

/// Returns a 500, after which the platform retries the push.
pub(crate) fn failure(appid: &AppId) -> Response<Body> {
    count(appid, "failed");
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Returns a 503, after which the platform retries the push. The handler was not run.
pub(crate) fn overloaded(appid: &AppId) -> Response<Body> {
    count(appid, "overloaded");
    empty(StatusCode::SERVICE_UNAVAILABLE)
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
