//! The failure of a request to a JSON route.

use std::borrow::Cow;
use std::fmt;

use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::api::Endpoint;
use crate::api::token::{GetClassicToken, GetStableToken};
use crate::error::{Error, ErrorClass, ErrorKind};

/// A value of `ret.code`. See [the table](super#the-envelope).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RetCode(u32);

impl RetCode {
    /// 0: success.
    pub const OK: Self = Self(0);
    /// 3584001: any other failure.
    pub const OTHER: Self = Self(3_584_001);
    /// 3584002: a parameter is wrong.
    pub const PARAMETER: Self = Self(3_584_002);
    /// 3584004: could not get the token.
    pub const TOKEN: Self = Self(3_584_004);
    /// 3584005: the app is not configured, or its secret is wrong.
    pub const APP: Self = Self(3_584_005);
    /// 3584006: could not get the user's profile.
    pub const USER_INFO: Self = Self(3_584_006);
    /// 3584007: could not create the code.
    pub const QR_CODE: Self = Self(3_584_007);
    /// 3584008: could not get the phone number.
    pub const PHONE: Self = Self(3_584_008);
    /// 3584009: could not send the template message.
    pub const TEMPLATE_MESSAGE: Self = Self(3_584_009);

    /// Creates a code for a route of the application.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The failure of a request to a [`JsonRoute`](super::JsonRoute): a status, a code, and a message
/// that says what to do.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    code: RetCode,
    message: Cow<'static, str>,
    error: Option<Error>,
    /// An additional header of the answer.
    header: Option<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// Creates a failure.
    pub fn new(status: StatusCode, code: RetCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            error: None,
            header: None,
        }
    }

    /// Creates the failure of a missing or wrong parameter, with 400 and 3584002. The message
    /// should name the parameter.
    pub fn parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, RetCode::PARAMETER, message)
    }

    /// Creates a failure from the error of a call, with the status of the error.
    ///
    /// `code` is used unless the error has a more specific one: 3584002 for a wrong argument,
    /// 3584005 for what the operator must fix, such as a wrong secret, and 3584004 for an access
    /// token that could not be fetched.
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
        let message = format!("wrong method: send {allow}");
        let failure = Self::new(StatusCode::METHOD_NOT_ALLOWED, RetCode::OTHER, message);
        Self {
            header: Some((ALLOW, HeaderValue::from_static(allow))),
            ..failure
        }
    }

    /// The application's code panicked, or its answer does not serialize to JSON.
    pub(super) fn broken() -> Self {
        let message = "the route failed: its operator finds the cause in the log";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, RetCode::OTHER, message)
    }

    pub(super) fn no_access(message: &'static str) -> Self {
        let bearer = (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        Self {
            header: Some(bearer),
            ..Self::new(StatusCode::UNAUTHORIZED, RetCode::OTHER, message)
        }
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the value of `ret.code`.
    pub fn code(&self) -> RetCode {
        self.code
    }

    /// Returns the text of `ret.msg`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the error of the call, if a call failed.
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
