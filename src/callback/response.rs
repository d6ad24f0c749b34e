//! What is answered over HTTP.

use http::{HeaderValue, Response, StatusCode, header};

use crate::app::AppId;
use crate::body::Body;
use crate::callback::count::count;
use crate::callback::gate::Opened;
use crate::callback::{Format, Reply};

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

/// The reply in the format and the mode of the push, at the time `now`, in Unix seconds.
pub(crate) fn reply(reply: &Reply, opened: &Opened, now: u64) -> Response<Body> {
    let (message, appid) = (&opened.message, opened.message.appid());
    let document = match opened.mini_program && !reply.suits_mini_program() {
        false => reply.document(message, now),
        true => {
            tracing::warn!(%appid, "a mini-program cannot reply so: success was sent instead");
            None
        }
    };
    let Some(document) = document else {
        count(appid, "success");
        return Response::new(Body::from("success"));
    };
    count(appid, "reply");
    let format = message.format();
    let body = match &opened.seal {
        Some(seal) => seal.envelope(format, &document, appid, now, rand::random()),
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
    response
}

/// Makes the platform send the push again.
pub(crate) fn failure(appid: &AppId) -> Response<Body> {
    count(appid, "failed");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
