//! `{"ret":{"code","msg","request_id"},"body":{…}}`: success and failure in one form.

use std::borrow::Cow;
use std::fmt;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use rand::RngExt;
use rand::distr::Alphanumeric;
use serde::Serialize;

use crate::body::Body;
use crate::error::{Class, ErrCode, Error, ErrorKind};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken from a caller, in bytes.
const REQUEST_ID_MAX: usize = 128;

/// The id of a request in its answer and its logs.
#[derive(Debug, Clone)]
pub(super) struct RequestId(String);

impl RequestId {
    /// The caller's `x-request-id`, if it is a short visible text, or a new one.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let given = request
            .headers()
            .get(X_REQUEST_ID)
            .and_then(|id| id.to_str().ok());
        let legal = |id: &&str| {
            (1..=REQUEST_ID_MAX).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match given.filter(legal) {
            Some(id) => Self(id.to_owned()),
            None => {
                let random = rand::rng()
                    .sample_iter(Alphanumeric)
                    .take(10)
                    .map(char::from);
                Self("wxmsg_".chars().chain(random).collect())
            }
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number of `ret.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct RetCode(u32);

impl RetCode {
    const OK: Self = Self(0);
    pub(super) const OTHER: Self = Self(3_584_001);
    pub(super) const PARAMETER: Self = Self(3_584_002);
    pub(super) const TOKEN: Self = Self(3_584_004);
    pub(super) const APP: Self = Self(3_584_005);
    pub(super) const USER_INFO: Self = Self(3_584_006);
}

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

/// The answer to a request that went well.
pub(super) fn success<T: Serialize>(body: &T, id: &RequestId) -> Response<Body> {
    let ret = Ret {
        code: RetCode::OK,
        msg: "OK",
        request_id: &id.0,
        refusal: None,
    };
    json(StatusCode::OK, &Envelope { ret, body }, id)
}

/// Why a request failed.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    code: RetCode,
    message: Cow<'static, str>,
    error: Option<Error>,
    allow: Option<HeaderValue>,
}

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        code: RetCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            error: None,
            allow: None,
        }
    }

    /// A parameter that is missing or wrong.
    pub(super) fn parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, RetCode::PARAMETER, message)
    }

    pub(super) fn method(allow: &'static str) -> Self {
        let message = format!("the method is not {allow}");
        let failure = Self::new(StatusCode::METHOD_NOT_ALLOWED, RetCode::OTHER, message);
        Self {
            allow: Some(HeaderValue::from_static(allow)),
            ..failure
        }
    }

    /// An error of a call, under the code of what was to be had.
    pub(super) fn of(error: Error, code: RetCode) -> Self {
        let code = match error.class() {
            Class::Input if error.kind() == ErrorKind::Input => RetCode::PARAMETER,
            Class::Config => RetCode::APP,
            _ => code,
        };
        let message = error.to_string().into();
        Self {
            status: status(&error),
            code,
            message,
            error: Some(error),
            allow: None,
        }
    }

    pub(super) fn respond(&self, id: &RequestId, as_200: bool) -> Response<Body> {
        let refusal = self.error.as_ref().and_then(|error| {
            let errcode = error.errcode()?;
            Some(Refused {
                errcode,
                errmsg: error.errmsg().unwrap_or_default(),
                rid: error.rid(),
            })
        });
        let ret = Ret {
            code: self.code,
            msg: &self.message,
            request_id: &id.0,
            refusal,
        };
        let status = if as_200 { StatusCode::OK } else { self.status };
        let empty = serde_json::Map::new();
        let mut response = json(status, &Envelope { ret, body: empty }, id);
        if let Some(allow) = &self.allow {
            response
                .headers_mut()
                .insert(http::header::ALLOW, allow.clone());
        }
        response
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}): {}",
            self.status.as_u16(),
            self.code.0,
            self.message
        )
    }
}

fn status(error: &Error) -> StatusCode {
    match (error.kind(), error.class()) {
        (ErrorKind::Input, _) => StatusCode::BAD_REQUEST,
        (ErrorKind::UnknownApp, _) => StatusCode::NOT_FOUND,
        (ErrorKind::Timeout, _) => StatusCode::GATEWAY_TIMEOUT,
        (ErrorKind::Platform, Class::Retry) => StatusCode::SERVICE_UNAVAILABLE,
        (ErrorKind::Interrupted, _) => StatusCode::SERVICE_UNAVAILABLE,
        (_, Class::Quota) => StatusCode::TOO_MANY_REQUESTS,
        (_, Class::User | Class::Input) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn json<T: Serialize>(status: StatusCode, envelope: &T, id: &RequestId) -> Response<Body> {
    let (status, body) = match serde_json::to_vec(envelope) {
        Ok(body) => (status, body),
        // Only a map whose keys are not text fails, and there is none.
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(X_REQUEST_ID, id);
    }
    response
}
