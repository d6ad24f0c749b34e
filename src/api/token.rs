//! The two calls that fetch an app's access token. [`Tokens`](crate::Tokens) makes them, so an
//! application rarely does.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Auth, Endpoint, lenient};
use crate::app::{AppId, AppSecret};
use crate::secret::{Secret, serialize_exposed};

/// Fetches the app's current token. Source: 获取稳定版接口调用凭据 (`getStableAccessToken`).
///
/// Repeated calls return the same token until its last five minutes. The limit is 10,000 calls a
/// minute.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::AppSecret;
/// use tower_wechat::api::token::GetStableToken;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let secret = AppSecret::from(sandbox.secrets().remove(0));
///
/// let grant = app.call(GetStableToken::new(app.appid().clone(), &secret)).await?;
/// assert_eq!(grant.expires_in, 7200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetStableToken {
    grant_type: &'static str,
    appid: AppId,
    #[serde(serialize_with = "serialize_exposed")]
    secret: Secret,
    force_refresh: bool,
}

impl GetStableToken {
    /// Fetches the current token of an app.
    pub fn new(appid: AppId, secret: &AppSecret) -> Self {
        Self {
            grant_type: "client_credential",
            appid,
            secret: secret.secret().clone(),
            force_refresh: false,
        }
    }

    /// Requests a new token and invalidates the current one immediately. The limit is 20 times a
    /// day, at least 30 seconds apart.
    #[must_use]
    pub fn force_refresh(mut self, force: bool) -> Self {
        self.force_refresh = force;
        self
    }
}

impl Endpoint for GetStableToken {
    type Response = Grant;
    const PATH: &'static str = "/cgi-bin/stable_token";
    const AUTH: Auth = Auth::None;
    const REPEATABLE: bool = true;

    /// A forced refresh is not repeatable: each one counts toward the 20 of the day.
    fn repeatable(&self) -> bool {
        !self.force_refresh
    }
}

/// Fetches a new token. Source: 获取接口调用凭据 (`getAccessToken`).
///
/// The previous token stays valid for five more minutes. The limit is 2,000 calls a day.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::AppSecret;
/// use tower_wechat::api::token::GetClassicToken;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let secret = AppSecret::from(sandbox.secrets().remove(0));
///
/// let grant = app.call(GetClassicToken::new(app.appid().clone(), &secret)).await?;
/// assert_eq!(grant.expires_in, 7200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetClassicToken {
    grant_type: &'static str,
    appid: AppId,
    #[serde(serialize_with = "serialize_exposed")]
    secret: Secret,
}

impl GetClassicToken {
    /// Fetches a new token of an app.
    pub fn new(appid: AppId, secret: &AppSecret) -> Self {
        Self {
            grant_type: "client_credential",
            appid,
            secret: secret.secret().clone(),
        }
    }
}

impl Endpoint for GetClassicToken {
    type Response = Grant;
    const PATH: &'static str = "/cgi-bin/token";
    const METHOD: Method = Method::GET;
    const AUTH: Auth = Auth::None;
    // A repeat retires only the token whose response was lost.
    const REPEATABLE: bool = true;
}

/// A token granted by the platform.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Grant {
    /// The token.
    #[serde(deserialize_with = "lenient::required")]
    pub access_token: Secret,
    /// The remaining lifetime in seconds, at most 7200.
    #[serde(deserialize_with = "lenient::number")]
    pub expires_in: u64,
}
