//! The two calls that fetch an app's access token. [`Tokens`](crate::Tokens) makes them; a host
//! rarely does.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Auth, Endpoint, lenient};
use crate::app::{AppId, AppSecret};
use crate::secret::{Secret, serialize_exposed};

/// Asks for the app's current token; asking again returns the same one until its last five
/// minutes. Source: 获取稳定版接口调用凭据 (`getStableAccessToken`): 10,000 calls a minute.
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
    /// The current token of an app.
    pub fn new(appid: AppId, secret: &AppSecret) -> Self {
        Self {
            grant_type: "client_credential",
            appid,
            secret: secret.secret().clone(),
            force_refresh: false,
        }
    }

    /// Asks for a new token and kills the current one at once: 20 times a day, 30 seconds apart.
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

    /// A forced refresh is not: each counts against the day's twenty.
    fn repeatable(&self) -> bool {
        !self.force_refresh
    }
}

/// Makes a new token; the one before it dies five minutes later. Source: 获取接口调用凭据
/// (`getAccessToken`): 2,000 calls a day.
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
    /// A new token of an app.
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
    const REPEATABLE: bool = true;
}

/// A token as the platform grants it.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Grant {
    /// The token.
    #[serde(deserialize_with = "lenient::required")]
    pub access_token: Secret,
    /// Its remaining life in seconds, at most 7200.
    #[serde(deserialize_with = "lenient::number")]
    pub expires_in: u64,
}
