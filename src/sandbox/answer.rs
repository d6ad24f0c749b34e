//! The answers to calls and their wire format.

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::picture;
use super::refusal::{self, Refused};
use crate::error::ErrCode;

/// The answer to a call: its JSON fields, or a refusal.
pub(super) type Answer = Result<Value, Refused>;

/// Returns the answer of a call without result fields.
pub(super) fn done() -> Answer {
    Ok(json!({ "errcode": 0, "errmsg": "ok" }))
}

/// Builds a JSON response. The platform's content type has `encoding`, not `charset`.
pub(super) fn document(body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    let json = HeaderValue::from_static("application/json; encoding=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// Builds the response of a refusal. Its HTTP status is 200.
pub(super) fn refused(refused: &Refused) -> Response<Bytes> {
    document(&refused.document(&refusal::rid()))
}

/// Builds the image response of a code that holds `text`.
pub(super) fn code(text: &str) -> Result<Response<Bytes>, ErrCode> {
    let file = picture::png(text).ok_or(ErrCode::SYSTEM_BUSY)?;
    Ok(image(file, HeaderValue::from_static("image/png")))
}

pub(super) fn image(file: Vec<u8>, content_type: HeaderValue) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(file));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Builds a response without a body, as the platform's gateway does.
pub(super) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
