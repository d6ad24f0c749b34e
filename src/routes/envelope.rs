//! `{"ret":{"code","msg","request_id"},"body":{…}}`: success and failure in one form.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::failure::{Failure, RetCode};
use super::request_id::RequestId;
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

/// What the platform said.
#[derive(Serialize)]
struct Refused<'a> {
    errcode: ErrCode,
    errmsg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rid: Option<&'a str>,
}

#[derive(Serialize)]
struct Nothing {}

/// The answer to a request that went well.
pub(super) fn success<T: Serialize>(body: &T, id: &RequestId) -> Response<Body> {
    let ret = Ret {
        code: RetCode::OK,
        msg: "OK",
        request_id: id.as_str(),
        refusal: None,
    };
    json(StatusCode::OK, &Envelope { ret, body }, id)
}

/// The answer to a request that failed.
pub(super) fn failure(failure: &Failure, id: &RequestId, as_200: bool) -> Response<Body> {
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
        request_id: id.as_str(),
        refusal,
    };
    let status = match as_200 {
        true => StatusCode::OK,
        false => failure.status(),
    };
    let body = Nothing {};
    let mut response = json(status, &Envelope { ret, body }, id);
    if let Some((name, value)) = failure.header() {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}

fn json<T: Serialize>(status: StatusCode, envelope: &T, id: &RequestId) -> Response<Body> {
    let (status, body) = match serde_json::to_vec(envelope) {
        Ok(body) => (status, body),
        // A body whose own `Serialize` fails: a route's mistake, not the caller's.
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    id.stamp(&mut response);
    response
}
