//! What calls are answered with, and its form on the wire.

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::picture;
use super::refusal::{self, Refused};
use crate::error::ErrCode;

/// What a call is answered with: its fields, or a refusal.
pub(super) type Answer = Result<Value, Refused>;

/// The answer of a call that returns no field.
pub(super) fn done() -> Answer {
    Ok(json!({ "errcode": 0, "errmsg": "ok" }))
}

/// A document on the wire. The `encoding` in its content type is the platform's.
pub(super) fn document(body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    let json = HeaderValue::from_static("application/json; encoding=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// A refusal on the wire. Its HTTP status is 200.
pub(super) fn refused(refused: &Refused) -> Response<Bytes> {
    document(&refused.document(&refusal::rid()))
}

/// The code that holds a text, as an image.
pub(super) fn code(text: &str) -> Result<Response<Bytes>, ErrCode> {
    let file = picture::png(text).ok_or(ErrCode::SYSTEM_BUSY)?;
    Ok(image(file, HeaderValue::from_static("image/png")))
}

pub(super) fn image(file: Vec<u8>, content_type: HeaderValue) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(file));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// An answer without a body, as the platform's gateway gives it.
pub(super) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
