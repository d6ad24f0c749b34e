//! Call quotas (openApi 管理), and the platform's records of refused calls.

mod rid;

pub use self::rid::{GetRid, Remembered, RememberedRequest};

use serde::{Deserialize, Serialize};

use super::{Auth, Done, Endpoint, lenient};
use crate::app::{AppId, AppSecret};
use crate::error::Error;
use crate::secret::{Secret, serialize_exposed};

/// Fetches the quota of a call. Source: 查询 API 调用额度 (`getApiQuota`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::quota;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let quota = app.call(quota::GetQuota::new("/cgi-bin/message/template/send")).await?.quota;
/// assert_eq!(quota.daily_limit, quota.used + quota.remain);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetQuota {
    cgi_path: String,
}

impl GetQuota {
    /// Creates the query for one call. `cgi_path` is its path with the leading slash, an
    /// [`Endpoint::PATH`].
    pub fn new(cgi_path: impl Into<String>) -> Self {
        Self {
            cgi_path: cgi_path.into(),
        }
    }
}

impl Endpoint for GetQuota {
    type Response = Quotas;
    const PATH: &'static str = "/cgi-bin/openapi/quota/get";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        if self.cgi_path.starts_with('/') && !self.cgi_path.starts_with("//") {
            return Ok(());
        }
        Err(Error::input(
            "cgi_path",
            "must be a path with its leading slash, such as /cgi-bin/message/custom/send",
        ))
    }
}

/// The quotas of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quotas {
    /// The daily quota. It resets at midnight, China time.
    pub quota: Daily,
    /// The quota of a shorter period, if there is one.
    #[serde(default)]
    pub rate_limit: Option<Rate>,
}

/// A daily quota, in calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Daily {
    /// The number of calls allowed.
    #[serde(deserialize_with = "lenient::number")]
    pub daily_limit: u64,
    /// The number of calls made, accurate to about 1%.
    #[serde(deserialize_with = "lenient::number")]
    pub used: u64,
    /// The number of calls left.
    #[serde(deserialize_with = "lenient::number")]
    pub remain: u64,
}

/// A quota of a shorter period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rate {
    /// The number of calls allowed.
    #[serde(default, deserialize_with = "lenient::number")]
    pub call_count: u64,
    /// The length of the period, in seconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub refresh_second: u64,
}

/// Resets the quotas of all calls. Source: 清空 API 的调用 quota (`clearQuota`).
///
/// It is allowed ten times a month, counted together with [`ClearQuotaBySecret`] and the console.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::quota;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// app.call(quota::ClearQuota::new(app.appid().clone())).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ClearQuota {
    appid: AppId,
}

impl ClearQuota {
    /// Creates the reset of an app's quotas. The app must be the calling one.
    pub fn new(appid: AppId) -> Self {
        Self { appid }
    }
}

impl Endpoint for ClearQuota {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/clear_quota";
}

/// Resets the quotas of all calls without an access token. Source: 使用 AppSecret 重置 API 调用次数
/// (`clearQuotaByAppSecret`).
///
/// Use it if the quota for fetching an access token is used up.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::{AppSecret, api::quota};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let secret = AppSecret::from(sandbox.secrets()[0].clone());
///
/// app.call(quota::ClearQuotaBySecret::new(app.appid().clone(), &secret)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ClearQuotaBySecret {
    appid: AppId,
    #[serde(serialize_with = "serialize_exposed")]
    appsecret: Secret,
}

impl ClearQuotaBySecret {
    /// Creates the reset of an app's quotas.
    pub fn new(appid: AppId, secret: &AppSecret) -> Self {
        Self {
            appid,
            appsecret: secret.secret().clone(),
        }
    }
}

impl Endpoint for ClearQuotaBySecret {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/clear_quota/v2";
    const AUTH: Auth = Auth::None;
}
