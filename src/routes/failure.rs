//! Why a request to a JSON route failed.

use std::borrow::Cow;
use std::fmt;

use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::api::Endpoint;
use crate::api::token::{GetClassicToken, GetStableToken};
use crate::error::{Error, ErrorClass, ErrorKind};

/// A number of `ret.code`; see [the table](super#the-envelope).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RetCode(u32);

impl RetCode {
    /// 0: the request went well.
    pub const OK: Self = Self(0);
    /// 3584001: a failure of no other kind.
    pub const OTHER: Self = Self(3_584_001);
    /// 3584002: a parameter is wrong.
    pub const PARAMETER: Self = Self(3_584_002);
    /// 3584004: the token was not to be had.
    pub const TOKEN: Self = Self(3_584_004);
    /// 3584005: the app is not configured, or its secret is wrong.
    pub const APP: Self = Self(3_584_005);
    /// 3584006: the user's profile was not to be had.
    pub const USER_INFO: Self = Self(3_584_006);
    /// 3584007: the code was not to be had.
    pub const QR_CODE: Self = Self(3_584_007);
    /// 3584008: the phone number was not to be had.
    pub const PHONE: Self = Self(3_584_008);
    /// 3584009: the template message was not sent.
    pub const TEMPLATE_MESSAGE: Self = Self(3_584_009);

    /// A number of the host's own.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Why a request to a [`JsonRoute`](super::JsonRoute) failed: a status, a code and what to do.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    code: RetCode,
    message: Cow<'static, str>,
    error: Option<Error>,
    /// What the answer's head says beside.
    header: Option<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// A failure of the host's own.
    pub fn new(status: StatusCode, code: RetCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            error: None,
            header: None,
        }
    }

    /// A parameter that is missing or wrong, by its name: 400 and 3584002.
    pub fn parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, RetCode::PARAMETER, message)
    }

    /// An error of a call, under the code of what was to be had. A wrong argument keeps the code
    /// 3584002, what the operator must mend, such as a wrong secret, 3584005, and an access token
    /// that was not to be had 3584004.
    pub fn from_error(error: Error, code: RetCode) -> Self {
        let code = match error.class() {
            _ if error.kind() == ErrorKind::Input => RetCode::PARAMETER,
            ErrorClass::Config => RetCode::APP,
            ErrorClass::Refresh => RetCode::TOKEN,
            _ if matches!(
                error.endpoint(),
                Some(GetStableToken::PATH | GetClassicToken::PATH)
            ) =>
            {
                RetCode::TOKEN
            }
            _ => code,
        };
        let failure = Self::new(error.status(), code, error.to_string());
        Self {
            error: Some(error),
            ..failure
        }
    }

    pub(super) fn method(allow: &'static str) -> Self {
        let message = format!("the method is wrong: send {allow}");
        let failure = Self::new(StatusCode::METHOD_NOT_ALLOWED, RetCode::OTHER, message);
        Self {
            header: Some((ALLOW, HeaderValue::from_static(allow))),
            ..failure
        }
    }

    /// The code of the host that serves the route panicked, or its answer is no JSON.
    pub(super) fn broken() -> Self {
        let message = "the route failed: its host finds why in the log";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, RetCode::OTHER, message)
    }

    pub(super) fn no_access(message: &'static str) -> Self {
        let bearer = (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        Self {
            header: Some(bearer),
            ..Self::new(StatusCode::UNAUTHORIZED, RetCode::OTHER, message)
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The number of `ret.code`.
    pub fn code(&self) -> RetCode {
        self.code
    }

    /// The text of `ret.msg`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error of the call, if there was one.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    pub(super) fn header(&self) -> Option<&(HeaderName, HeaderValue)> {
        self.header.as_ref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, code) = (self.status.as_u16(), self.code.0);
        write!(f, "{status} ({code}): {}", self.message)
    }
}

impl std::error::Error for Failure {}
