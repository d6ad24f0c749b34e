//! Links that open a mini-program: from a browser or a text message ([`GenerateScheme`],
//! [`GenerateUrlLink`]), or from a chat ([`GenerateShortLink`]).
//!
//! Schemes and URL links live at most 30 days; an app may make 500,000 of both together a day, 100
//! a second.

mod query;

pub use self::query::{LinkInfo, QueryScheme, QueryUrlLink, Scheme, UrlLinkInfo};

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{EnvVersion, limits};
use crate::api::Endpoint;
use crate::error::Error;

/// The longest life of a link, in days.
const DAYS_MAX: u32 = 30;

/// When a link stops to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expiry {
    /// At a time in Unix seconds, a minute to 30 days from now.
    At(u64),
    /// After 1 to 30 days.
    Days(u32),
}

impl Expiry {
    fn check(self) -> Result<(), Error> {
        match self {
            Self::Days(days) if !(1..=DAYS_MAX).contains(&days) => Err(Error::input(
                "expire_interval",
                format!(
                    "must be 1 to {DAYS_MAX} days (it is {days}): make a new link before the end"
                ),
            )),
            _ => Ok(()),
        }
    }
}

impl Serialize for Expiry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Self::At(time) => {
                map.serialize_entry("expire_type", &0)?;
                map.serialize_entry("expire_time", time)?;
            }
            Self::Days(days) => {
                map.serialize_entry("expire_type", &1)?;
                map.serialize_entry("expire_interval", days)?;
            }
        }
        map.end()
    }
}

/// What a link opens: the home page of the released version at first.
///
/// ```
/// use tower_wechat::api::miniprogram::EnvVersion;
/// use tower_wechat::api::miniprogram::link::Target;
///
/// let target = Target::page("/pages/index/index").query("order=42").env_version(EnvVersion::Trial);
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Target {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_version: Option<EnvVersion>,
}

impl Target {
    /// The home page.
    pub fn home() -> Self {
        Self::default()
    }

    /// A page of the released version, without a query.
    pub fn page(path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::default()
        }
    }

    /// The query of the page, at most 1024 characters: ASCII letters, digits, `%` and
    /// `!#$&'()*+,/:;=?@-._~`.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// The version that opens.
    #[must_use]
    pub fn env_version(mut self, version: EnvVersion) -> Self {
        self.env_version = Some(version);
        self
    }

    fn check(&self) -> Result<(), Error> {
        let path = self.path.as_deref().unwrap_or_default();
        limits::within("path", path, limits::PATH_MAX)?;
        if path.contains('?') {
            return Err(Error::input(
                "path",
                "must not have a query: that is a field of its own",
            ));
        }
        self.query.as_deref().map_or(Ok(()), limits::query)
    }
}

/// A link of the form `weixin://dl/business/?t=…`. Source: 获取加密 scheme 码 (`generateScheme`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::link::{Expiry, GenerateScheme, Target};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let target = Target::page("pages/index/index").query("order=42");
/// let scheme = app.call(GenerateScheme::new(target, Expiry::Days(7))).await?;
/// assert!(scheme.openlink.starts_with("weixin://"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 40165: the path; 85401: the expiry; 44993: the quota of the day; 40002 and 85407: the account
/// may not make links.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GenerateScheme {
    jump_wxa: Target,
    is_expire: bool,
    #[serde(flatten)]
    expiry: Expiry,
}

impl GenerateScheme {
    /// A link to a page, for a time.
    pub fn new(target: Target, expiry: Expiry) -> Self {
        Self {
            jump_wxa: target,
            is_expire: true,
            expiry,
        }
    }
}

impl Endpoint for GenerateScheme {
    type Response = OpenLink;
    const PATH: &'static str = "/wxa/generatescheme";

    fn check(&self) -> Result<(), Error> {
        self.jump_wxa.check()?;
        self.expiry.check()
    }
}

/// The answer to [`GenerateScheme`].
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct OpenLink {
    /// The link. Browsers on iOS open it as it is; on Android a page has to redirect to it.
    pub openlink: String,
}

/// A link of the form `https://wxaurl.cn/…`. Source: 获取加密 URLLink (`generateUrlLink`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::link::{Expiry, GenerateUrlLink, Target};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let link = app.call(GenerateUrlLink::new(Target::home(), Expiry::Days(30))).await?;
/// assert!(link.url_link.starts_with("https://"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`GenerateScheme`].
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GenerateUrlLink {
    #[serde(flatten)]
    target: Target,
    #[serde(flatten)]
    expiry: Expiry,
}

impl GenerateUrlLink {
    /// A link to a page, for a time.
    pub fn new(target: Target, expiry: Expiry) -> Self {
        Self { target, expiry }
    }
}

impl Endpoint for GenerateUrlLink {
    type Response = UrlLink;
    const PATH: &'static str = "/wxa/generate_urllink";

    fn check(&self) -> Result<(), Error> {
        self.target.check()?;
        self.expiry.check()
    }
}

/// The answer to [`GenerateUrlLink`].
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct UrlLink {
    /// The link.
    pub url_link: String,
}

/// A link of the form `#小程序://…`, for chats. Source: 获取 ShortLink (`generateShortLink`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::link::GenerateShortLink;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let call = GenerateShortLink::new("pages/index/index?order=42").title("您的订单");
/// assert!(app.call(call).await?.link.starts_with("#小程序://"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 40066: the page; 40225: the title; 43104: the account's category may not; 85400: the 100,000
/// permanent links are made.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GenerateShortLink {
    page_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_permanent: Option<bool>,
}

impl GenerateShortLink {
    /// A link to a page of at most 1024 bytes, which may have a query; it lives 30 days.
    pub fn new(page_url: impl Into<String>) -> Self {
        Self {
            page_url: page_url.into(),
            page_title: None,
            is_permanent: None,
        }
    }

    /// What the link is shown as. The platform cuts it after 20 characters.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.page_title = Some(title.into());
        self
    }

    /// Makes the link last: an app may have 100,000 of these.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.is_permanent = Some(true);
        self
    }
}

impl Endpoint for GenerateShortLink {
    type Response = ShortLink;
    const PATH: &'static str = "/wxa/genwxashortlink";

    fn check(&self) -> Result<(), Error> {
        limits::path("page_url", &self.page_url, limits::PATH_MAX)
    }
}

/// The answer to [`GenerateShortLink`].
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ShortLink {
    /// The link.
    pub link: String,
}
