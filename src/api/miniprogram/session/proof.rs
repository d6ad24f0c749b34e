//! Calls that prove possession of the session key without sending it.

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use super::{Session, SessionKey};
use crate::api::miniprogram::limits;
use crate::api::{Answer, Done, Endpoint};
use crate::error::Error;
use crate::secret::{Secret, serialize_exposed};

/// Proves that the caller knows the session key.
#[derive(Debug, Clone, Serialize)]
struct Proof {
    openid: String,
    #[serde(serialize_with = "serialize_exposed")]
    signature: Secret,
    sig_method: &'static str,
}

impl Proof {
    fn new(openid: impl Into<String>, key: &SessionKey) -> Self {
        Self {
            openid: openid.into(),
            // In these calls, the platform signs an empty message.
            signature: Secret::new(key.sign("")),
            sig_method: "hmac_sha256",
        }
    }

    fn check(&self) -> Result<(), Error> {
        limits::given("openid", &self.openid, 128)
    }
}

/// Checks whether a session key is still valid. Source: 检验登录态 (`checkSessionKey`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::ErrorClass;
/// use tower_wechat::api::miniprogram::session::{CheckSession, SessionKey};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let key = SessionKey::new("tiihtNczf5v6AKRyjwEUhQ==");
/// let error = app.call(CheckSession::new("o-1", &key)).await.unwrap_err();
/// assert_eq!(error.class(), ErrorClass::User); // sign in again
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 87009, of class [`User`](crate::ErrorClass::User): the key is not valid. Let the client call
/// `wx.login`.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct CheckSession {
    proof: Proof,
}

impl CheckSession {
    /// Creates the call for one user's key. Only a signature made with the key is sent.
    pub fn new(openid: impl Into<String>, key: &SessionKey) -> Self {
        Self {
            proof: Proof::new(openid, key),
        }
    }
}

impl Endpoint for CheckSession {
    type Response = Valid;
    const PATH: &'static str = "/wxa/checksession";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        self.proof.check()
    }
}

/// The session key is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Valid {}

impl Answer for Valid {
    fn decode(body: &Bytes) -> Result<Self, Error> {
        Done::decode(body).map(|_| Self {})
    }
}

/// Replaces a session key with a new one that the client does not know. Source: 重置登录态
/// (`resetUserSessionKey`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::session::{CodeToSession, LoginCode, ResetSession};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// # let code = sandbox.user("Hui").login_code();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let session = app.call(CodeToSession::new(LoginCode::new(code))).await?;
/// let reset = ResetSession::new(&session.openid, &session.session_key);
/// assert_ne!(app.call(reset).await?.session_key, session.session_key);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 87009, of class [`User`](crate::ErrorClass::User): the key was not the current one.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct ResetSession {
    proof: Proof,
}

impl ResetSession {
    /// Creates the call that replaces one user's key.
    pub fn new(openid: impl Into<String>, key: &SessionKey) -> Self {
        Self {
            proof: Proof::new(openid, key),
        }
    }
}

impl Endpoint for ResetSession {
    type Response = Session;
    const PATH: &'static str = "/wxa/resetusersessionkey";
    const METHOD: Method = Method::GET;

    fn check(&self) -> Result<(), Error> {
        self.proof.check()
    }
}
