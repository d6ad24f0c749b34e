//! Why a browser is not signed in, and the page that explains it.

use std::fmt;

use http::{Response, StatusCode};

use crate::body::Body;
use crate::browser;
use crate::error::{Error, ErrorClass};

/// The reason why a browser is not signed in. Contains nothing of the request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Rejection {
    /// The destination is not a path on this site and not on the allow-list.
    ReturnTo,
    /// A parameter is missing, repeated or malformed.
    Request,
    /// The user refused, or the platform sent no code.
    Refused,
    /// The browser doesn't have the cookie that was set at the start: it is another browser, or it
    /// refuses cookies.
    Cookie,
    /// The state was not signed with this key, or not for this browser.
    State,
    /// The attempt, or its result, has expired.
    Expired,
    /// The code was used with another state.
    CodeTaken,
    /// The user is a virtual account of the snapshot mode (快照页), which is set to be rejected.
    Snapshot,
    /// The platform refused the code, or could not be reached.
    Platform(Error),
    /// The handler failed or panicked.
    Handler,
}

impl Rejection {
    /// Returns the matching status: 400 or 403 for errors of the browser or user, 5xx for the rest.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::ReturnTo | Self::Request => StatusCode::BAD_REQUEST,
            Self::Refused
            | Self::Cookie
            | Self::State
            | Self::Expired
            | Self::CodeTaken
            | Self::Snapshot => StatusCode::FORBIDDEN,
            Self::Platform(error) => match error.class() {
                ErrorClass::User => StatusCode::FORBIDDEN,
                ErrorClass::Retry => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::BAD_GATEWAY,
            },
            Self::Handler => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the message for the user, in Chinese and English.
    fn texts(&self) -> (&'static str, &'static str) {
        match self {
            Self::ReturnTo | Self::Request => ("链接无效。", "The link is not valid."),
            Self::Refused => ("您未同意授权。", "You did not agree to sign in."),
            Self::Cookie => (
                "请在同一浏览器中完成登录，并允许使用 Cookie。",
                "Please sign in within one browser, and let it keep cookies.",
            ),
            Self::State | Self::Expired | Self::CodeTaken => {
                ("登录已过期。", "This sign-in is no longer valid.")
            }
            Self::Snapshot => (
                "请点击页面下方的“使用完整服务”后重新登录。",
                "Please leave the page preview (使用完整服务) and sign in again.",
            ),
            Self::Platform(error) if error.class() == ErrorClass::User => {
                ("登录已过期。", "This sign-in is no longer valid.")
            }
            Self::Platform(_) | Self::Handler => (
                "登录服务暂时不可用。",
                "Signing in is not possible just now.",
            ),
        }
    }

    /// Builds the page for the browser: the reason, and a link to start again.
    pub(super) fn page(&self, restart: &str) -> Response<Body> {
        let (chinese, english) = self.texts();
        let link = browser::escape(restart);
        browser::page(
            self.status(),
            &format!(
                "<title>登录</title><p>{chinese}<p lang=\"en\">{english}\
                 <p><a href=\"{link}\">重新登录 · Sign in again</a>"
            ),
        )
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReturnTo => "return_to is not a path on this site and not on the allow-list",
            Self::Request => "a parameter is missing, repeated or malformed",
            Self::Refused => "no code: the user refused",
            Self::Cookie => "the browser does not have the cookie that was set at the start",
            Self::State => "the state was not signed with this key, or not for this browser",
            Self::Expired => "the attempt, or its result, has expired",
            Self::CodeTaken => "the code was used with another state",
            Self::Snapshot => "the user is a virtual account of the snapshot mode",
            Self::Platform(error) => return write!(f, "the platform call failed: {error}"),
            Self::Handler => "the sign-in handler failed",
        })
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Platform(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        Self::Platform(error)
    }
}
