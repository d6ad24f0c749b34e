//! The user's session: exchanges the code of `wx.login` for the key that decrypts the user's data.

mod key;
mod proof;

pub use self::key::SessionKey;
pub use self::proof::{CheckSession, ResetSession, Valid};

use http::Method;
use serde::{Deserialize, Serialize};

use super::limits;
use crate::api::{Auth, Endpoint, lenient};
use crate::error::Error;
use crate::secret::{Secret, serialize_exposed};

/// The code that `wx.login` returns to the client.
///
/// It works once, within five minutes. Do not confuse it with a
/// [`PhoneCode`](super::phone::PhoneCode).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginCode(Secret);

impl LoginCode {
    /// Wraps a code from the client.
    pub fn new(code: impl Into<Secret>) -> Self {
        Self(code.into())
    }
}

impl From<String> for LoginCode {
    fn from(code: String) -> Self {
        Self::new(code)
    }
}

impl From<&str> for LoginCode {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

/// Exchanges a login code for the user's openid and session key. Source: 小程序登录
/// (`code2Session`).
///
/// Keep the key on the server, and give the client a token of your own. Another `wx.login` may
/// replace the key. Data that was encrypted with the old key is then lost.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::session::{CheckSession, CodeToSession, LoginCode};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// # let code = sandbox.user("Hui").login_code();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let session = app.call(CodeToSession::new(LoginCode::new(code))).await?;
/// app.call(CheckSession::new(&session.openid, &session.session_key)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// - 40029: the code is unknown or older than five minutes.
/// - 40163: the code was used.
/// - 40226: the platform blocks this user.
/// - 45011: there were more than 100 calls in a minute for this user.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CodeToSession {
    #[serde(serialize_with = "expose_code")]
    js_code: LoginCode,
    grant_type: &'static str,
}

impl CodeToSession {
    /// Creates the call for a code.
    pub fn new(code: LoginCode) -> Self {
        Self {
            js_code: code,
            grant_type: "authorization_code",
        }
    }
}

fn expose_code<S: serde::Serializer>(code: &LoginCode, serializer: S) -> Result<S::Ok, S::Error> {
    serialize_exposed(&code.0, serializer)
}

impl Endpoint for CodeToSession {
    type Response = Session;
    const PATH: &'static str = "/sns/jscode2session";
    const METHOD: Method = Method::GET;
    const AUTH: Auth = Auth::AppSecret;

    fn check(&self) -> Result<(), Error> {
        limits::given("js_code", self.js_code.0.expose(), 1024)
    }
}

/// A user's session. It does not implement `Serialize`, so that its key can't reach a client.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The user's id in this mini-program.
    #[serde(deserialize_with = "lenient::required")]
    pub openid: String,
    /// The key that decrypts and signs this user's data.
    pub session_key: SessionKey,
    /// The user's id across all apps of one Open Platform account, if the mini-program is bound to
    /// one.
    #[serde(default, deserialize_with = "lenient::text")]
    pub unionid: Option<String>,
}
