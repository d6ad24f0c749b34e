//! The envelope `{"ret":{"code","msg","request_id"},"body":{…}}` of success and failure.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::failure::{Failure, RetCode};
use crate::body::Body;
use crate::error::ErrCode;

#[derive(Serialize)]
struct Envelope<'a, T> {
    ret: Ret<'a>,
    body: T,
}

#[derive(Serialize)]
struct Ret<'a> {
    code: RetCode,
    msg: &'a str,
    request_id: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refused<'a>>,
}

/// The platform's refusal.
#[derive(Serialize)]
struct Refused<'a> {
    errcode: ErrCode,
    errmsg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rid: Option<&'a str>,
}

#[derive(Serialize)]
struct Nothing {}

/// Builds the answer of a successful request. Fails if the body's `Serialize` does.
pub(super) fn success<T: Serialize>(body: &T, id: &str) -> Result<Response<Body>, Failure> {
    let ret = Ret {
        code: RetCode::OK,
        msg: "OK",
        request_id: id,
        refusal: None,
    };
    let envelope = serde_json::to_vec(&Envelope { ret, body }).map_err(|_| {
        // The error's text comes from the application's code and may quote the answer.
        tracing::error!("could not serialize the answer of the route");
        Failure::broken()
    })?;
    Ok(json(StatusCode::OK, envelope))
}

/// Builds the answer of a failed request.
pub(super) fn failure(failure: &Failure, id: &str, as_200: bool) -> Response<Body> {
    let refusal = failure.error().and_then(|error| {
        let errcode = error.errcode()?;
        let errmsg = error.errmsg().unwrap_or_default();
        let rid = error.rid();
        Some(Refused {
            errcode,
            errmsg,
            rid,
        })
    });
    let ret = Ret {
        code: failure.code(),
        msg: failure.message(),
        request_id: id,
        refusal,
    };
    let status = match as_200 {
        true => StatusCode::OK,
        false => failure.status(),
    };
    let body = Nothing {};
    // Contains no body of the application, so it always serializes.
    let envelope = serde_json::to_vec(&Envelope { ret, body }).unwrap_or_default();
    let mut response = json(status, envelope);
    if let Some((name, value)) = failure.header() {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}

fn json(status: StatusCode, envelope: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(envelope));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
