//! Looks up links.

use serde::{Deserialize, Serialize};

use crate::api::miniprogram::limits;
use crate::api::{Endpoint, lenient};
use crate::error::Error;

/// Looks up a scheme. Source: 查询 scheme 码 (`queryScheme`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::link::{Expiry, GenerateScheme, QueryScheme, Target};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let target = Target::page("pages/index/index");
/// let scheme = app.call(GenerateScheme::new(target, Expiry::Days(7))).await?;
/// let known = app.call(QueryScheme::new(scheme.openlink)).await?;
/// assert_eq!(known.scheme_info.path, "pages/index/index");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 85403: the link does not exist.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct QueryScheme {
    scheme: String,
    query_type: u8,
}

impl QueryScheme {
    /// Creates the query for one link.
    pub fn new(scheme: impl Into<String>) -> Self {
        Self {
            scheme: scheme.into(),
            query_type: 0,
        }
    }
}

impl Endpoint for QueryScheme {
    type Response = Scheme;
    const PATH: &'static str = "/wxa/queryscheme";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limits::given("scheme", &self.scheme, limits::PATH_MAX)
    }
}

/// The response to [`QueryScheme`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scheme {
    /// The link.
    pub scheme_info: LinkInfo,
}

/// Looks up a URL link. Source: 查询 URLLink (`queryUrlLink`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::link::QueryUrlLink;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let error = app.call(QueryUrlLink::new("https://wxaurl.cn/nosuchlink")).await.unwrap_err();
/// assert_eq!(error.errcode().map(|code| code.get()), Some(85403));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 85403: the link does not exist.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct QueryUrlLink {
    url_link: String,
    query_type: u8,
}

impl QueryUrlLink {
    /// Creates the query for one link.
    pub fn new(url_link: impl Into<String>) -> Self {
        Self {
            url_link: url_link.into(),
            query_type: 0,
        }
    }
}

impl Endpoint for QueryUrlLink {
    type Response = UrlLinkInfo;
    const PATH: &'static str = "/wxa/query_urllink";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limits::given("url_link", &self.url_link, limits::PATH_MAX)
    }
}

/// The response to [`QueryUrlLink`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UrlLinkInfo {
    /// The link.
    pub url_link_info: LinkInfo,
}

/// The platform's record of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LinkInfo {
    /// The appid of the mini-program that it opens.
    pub appid: String,
    /// The page. It is empty for the home page.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub path: String,
    /// The query of the page.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub query: String,
    /// The time of creation, in Unix seconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub create_time: u64,
    /// The time of expiry, in Unix seconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub expire_time: u64,
    /// The version that it opens: `release`, `trial` or `develop`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub env_version: String,
}
