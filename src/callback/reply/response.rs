//! What is answered over HTTP.

use http::{HeaderValue, Response, StatusCode, header};

use crate::app::AppId;
use crate::body::Body;
use crate::callback::metrics::count;
use crate::callback::verify::crypto;
use crate::callback::verify::verifier::Opened;
use crate::callback::{Format, Message, Reply};
use crate::clock::SharedClock;

/// The platform's own text back. It is the sender's: nothing may take it for a page.
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

/// The reply in the format and the mode of the push, dated by `clock`.
pub(crate) fn reply(reply: &Reply, opened: &Opened, clock: &SharedClock) -> Response<Body> {
    let (message, appid) = (&opened.message, opened.message.appid());
    if reply.is_empty() {
        return told(message, success(appid), "success");
    }
    if !message.shows_replies() && !reply.suits_mini_program() {
        tracing::warn!(%appid, "a mini-program cannot reply so: success was sent instead");
        return told(message, success(appid), "success");
    }
    if !reply.suits(message.format()) {
        tracing::warn!(%appid, "the reply is not in the push's format: success was sent instead");
        return told(message, success(appid), "success");
    }
    let now = clock.unix();
    let front = opened.seal.as_ref().map_or("", |_| crypto::ROOM);
    let Some(document) = reply.document(message, now, front) else {
        return told(message, success(appid), "success");
    };
    count(appid, "reply");
    let format = message.format();
    let body = match &opened.seal {
        Some(seal) => seal.envelope(format, document, appid, now, random()),
        None => document.into_bytes(),
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

/// The answer to a push, which is logged as one line.
fn told(message: &Message, response: Response<Body>, outcome: &'static str) -> Response<Body> {
    // The fields are looked up if somebody reads them.
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
    // As bytes they would take four times as much of the generator.
    rand::random::<u128>().to_ne_bytes()
}

/// There is nothing to say.
pub(crate) fn success(appid: &AppId) -> Response<Body> {
    count(appid, "success");
    Response::new(Body::from("success"))
}

/// Makes the platform send the push again.
pub(crate) fn failure(appid: &AppId) -> Response<Body> {
    count(appid, "failed");
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Does so too, and says that it was not tried.
pub(crate) fn overloaded(appid: &AppId) -> Response<Body> {
    count(appid, "overloaded");
    empty(StatusCode::SERVICE_UNAVAILABLE)
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
