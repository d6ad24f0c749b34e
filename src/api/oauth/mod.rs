//! Web OAuth (网页授权): from the authorization page to the user's profile.
//!
//! The browser is redirected to an [`AuthorizeUrl`] and comes back with a code. [`ExchangeCode`]
//! exchanges the code, once, for the user's openid and a user token. [`GetUserInfo`] reads the
//! profile with the token. [`UserInfoService`](crate::routes::UserInfoService) does both.

mod authorize;

pub use self::authorize::{AuthorizeUrl, Scope};

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize, Serializer};

use super::{Answer, Auth, Done, Endpoint, lenient};
use crate::error::Error;
use crate::secret::{Secret, serialize_exposed};

/// The maximum length of a code, token or openid, in bytes.
const MAX_LEN: usize = 1024;

fn check(field: &'static str, value: &str) -> Result<(), Error> {
    match value.len() {
        0 => Err(Error::input(field, "must not be empty")),
        len if len > MAX_LEN => Err(Error::input(
            field,
            format!("must be at most {MAX_LEN} bytes (it has {len}): pass it on unchanged"),
        )),
        _ => Ok(()),
    }
}

/// Exchanges a code for the user's token. Source: 网页授权, 通过 code 换取网页授权 access_token.
///
/// A code works once, within five minutes. A lost response can't be requested again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::oauth::ExchangeCode;
/// # use tower_wechat::api::oauth::Scope;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let code = sandbox.user("Hui").oauth_code(Scope::UserInfo).expect("a code");
///
/// let token = app.call(ExchangeCode::new(code)).await?;
/// assert!(token.openid.starts_with('o'));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ExchangeCode {
    #[serde(serialize_with = "serialize_exposed")]
    code: Secret,
    grant_type: &'static str,
}

impl ExchangeCode {
    /// Creates the call for the code that came back with the browser.
    pub fn new(code: impl Into<Secret>) -> Self {
        Self {
            code: code.into(),
            grant_type: "authorization_code",
        }
    }
}

impl Endpoint for ExchangeCode {
    type Response = UserToken;
    const PATH: &'static str = "/sns/oauth2/access_token";
    const METHOD: Method = Method::GET;
    const AUTH: Auth = Auth::AppSecret;

    fn check(&self) -> Result<(), Error> {
        check("code", self.code.expose())
    }
}

/// Refreshes a user's token. Source: 网页授权, 刷新 access_token.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::oauth::RefreshUserToken;
/// # use tower_wechat::api::oauth::{ExchangeCode, Scope};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let code = sandbox.user("Hui").oauth_code(Scope::UserInfo).expect("a code");
/// # let token = app.call(ExchangeCode::new(code)).await?;
///
/// let prolonged = app.call(RefreshUserToken::new(token.refresh_token)).await?;
/// assert_eq!(prolonged.openid, token.openid);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct RefreshUserToken {
    grant_type: &'static str,
    #[serde(serialize_with = "serialize_exposed")]
    refresh_token: Secret,
}

impl RefreshUserToken {
    /// Creates the call from the refresh token, which is valid for thirty days.
    pub fn new(refresh_token: impl Into<Secret>) -> Self {
        Self {
            grant_type: "refresh_token",
            refresh_token: refresh_token.into(),
        }
    }
}

impl Endpoint for RefreshUserToken {
    type Response = UserToken;
    const PATH: &'static str = "/sns/oauth2/refresh_token";
    const METHOD: Method = Method::GET;
    const AUTH: Auth = Auth::AppId;
    // A repeat returns the same token with a longer life.
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        check("refresh_token", self.refresh_token.expose())
    }
}

/// A token of one user for one app. It is not the app's access token, and they are not
/// interchangeable.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct UserToken {
    /// The token, for [`GetUserInfo`] and [`CheckUserToken`].
    #[serde(deserialize_with = "lenient::required")]
    pub access_token: Secret,
    /// The lifetime in seconds, 7200.
    #[serde(default = "user_token_life", deserialize_with = "lenient::number")]
    pub expires_in: u64,
    /// The refresh token, valid for thirty days. It is empty if the platform returned none.
    #[serde(default = "lenient::no_secret")]
    pub refresh_token: Secret,
    /// The user's id in this app.
    #[serde(deserialize_with = "lenient::required")]
    pub openid: String,
    /// The scopes that the user consented to, comma-separated.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub scope: String,
    /// Whether the user opened the page in snapshot mode (快照页). The openid, unionid and profile
    /// are then those of a virtual account. Never bind anything to it.
    #[serde(
        default,
        rename = "is_snapshotuser",
        deserialize_with = "lenient::flag"
    )]
    pub is_snapshot_user: bool,
    /// The user's id across all apps of one Open Platform account. It is `None` if the app is not
    /// bound to one, or if only `snsapi_base` was requested.
    #[serde(default, deserialize_with = "lenient::text")]
    pub unionid: Option<String>,
}

fn user_token_life() -> u64 {
    7200
}

impl UserToken {
    /// Returns whether the user consented to `snsapi_userinfo`.
    pub(crate) fn grants_profile(&self) -> bool {
        self.scope
            .split(',')
            .any(|scope| scope.trim() == "snsapi_userinfo")
    }
}

/// The language of the place names in a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Lang {
    /// Simplified Chinese.
    #[default]
    SimplifiedChinese,
    /// Traditional Chinese.
    TraditionalChinese,
    /// English.
    English,
}

impl Lang {
    /// Returns the platform's name for the language.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SimplifiedChinese => "zh_CN",
            Self::TraditionalChinese => "zh_TW",
            Self::English => "en",
        }
    }
}

impl Serialize for Lang {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Fetches the profile of a user who consented to `snsapi_userinfo`. Source: 网页授权,
/// 拉取用户信息.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::oauth::{Lang, GetUserInfo};
/// # use tower_wechat::api::oauth::{ExchangeCode, Scope};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let code = sandbox.user("Hui").oauth_code(Scope::UserInfo).expect("a code");
/// # let token = app.call(ExchangeCode::new(code)).await?;
///
/// let profile = app.call(GetUserInfo::new(&token).lang(Lang::English)).await?;
/// assert_eq!(profile.nickname, "Hui");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetUserInfo {
    #[serde(serialize_with = "serialize_exposed")]
    access_token: Secret,
    openid: String,
    lang: Lang,
}

impl GetUserInfo {
    /// Creates the call for the user of `token`.
    pub fn new(token: &UserToken) -> Self {
        Self {
            access_token: token.access_token.clone(),
            openid: token.openid.clone(),
            lang: Lang::default(),
        }
    }

    /// Sets the language of the place names. Defaults to simplified Chinese.
    #[must_use]
    pub fn lang(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }
}

impl Endpoint for GetUserInfo {
    type Response = Profile;
    const PATH: &'static str = "/sns/userinfo";
    const METHOD: Method = Method::GET;
    const AUTH: Auth = Auth::None;
    const REPEATABLE: bool = true;
}

/// A user's profile. Since October 2021 the platform leaves the sex and the place empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The user's id in this app.
    #[serde(deserialize_with = "lenient::required")]
    pub openid: String,
    /// Any text, including emoji. It can be empty or `微信用户`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub nickname: String,
    /// 0: unknown, 1: male, 2: female.
    #[serde(default, deserialize_with = "lenient::number")]
    pub sex: u8,
    /// The province. It is usually empty.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub province: String,
    /// The city. It is usually empty.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub city: String,
    /// The country. It is usually empty.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub country: String,
    /// The URL of the picture. It stops working when the user changes the picture. The last number
    /// is the size: 0 (640×640), 46, 64, 96 or 132.
    #[serde(default, deserialize_with = "lenient::text")]
    pub headimgurl: Option<String>,
    /// Privileges such as `chinaunicom`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub privilege: Vec<String>,
    /// The user's id across all apps of one Open Platform account.
    #[serde(default, deserialize_with = "lenient::text")]
    pub unionid: Option<String>,
}

/// Checks whether a user's token is still valid. Source: 网页授权, 检验授权凭证.
///
/// An invalid token is an error of class [`User`](crate::ErrorClass::User).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::oauth::CheckUserToken;
/// # use tower_wechat::api::oauth::{ExchangeCode, Scope};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let code = sandbox.user("Hui").oauth_code(Scope::UserInfo).expect("a code");
/// # let token = app.call(ExchangeCode::new(code)).await?;
///
/// assert!(app.call(CheckUserToken::new(&token)).await.is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CheckUserToken {
    #[serde(serialize_with = "serialize_exposed")]
    access_token: Secret,
    openid: String,
}

impl CheckUserToken {
    /// Creates the call for one user's token.
    pub fn new(token: &UserToken) -> Self {
        Self {
            access_token: token.access_token.clone(),
            openid: token.openid.clone(),
        }
    }
}

impl Endpoint for CheckUserToken {
    type Response = Valid;
    const PATH: &'static str = "/sns/auth";
    const METHOD: Method = Method::GET;
    const AUTH: Auth = Auth::None;
    const REPEATABLE: bool = true;
}

/// The token is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Valid {}

impl Answer for Valid {
    fn decode(body: &Bytes) -> Result<Self, Error> {
        Done::decode(body).map(|_| Self {})
    }
}
