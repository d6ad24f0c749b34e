//! Links that open a mini-program.
//!
//! [`GenerateScheme`] and [`GenerateUrlLink`] create links for browsers and text messages, and
//! [`GenerateShortLink`] for chats.
//!
//! Schemes and URL links are valid for at most 30 days. An app can make 500,000 of both together a
//! day, and 100 a second.

mod query;
mod short;
mod target;

pub use self::query::{LinkInfo, QueryScheme, QueryUrlLink, Scheme, UrlLinkInfo};
pub use self::short::{GenerateShortLink, ShortLink};
pub use self::target::{Expiry, Target};

use serde::{Deserialize, Serialize};

use crate::api::{Endpoint, lenient};
use crate::error::Error;

/// Creates a link of the form `weixin://dl/business/?t=…`. Source: 获取加密 scheme 码
/// (`generateScheme`).
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
/// - 40165: the path is invalid.
/// - 85401: the expiry is invalid.
/// - 44993: the daily quota is used up.
/// - 40002 and 85407: the account may not make links.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GenerateScheme {
    jump_wxa: Target,
    is_expire: bool,
    #[serde(flatten)]
    expiry: Expiry,
}

impl GenerateScheme {
    /// Creates a link to a page, valid until `expiry`.
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

/// The response to [`GenerateScheme`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenLink {
    /// The link. Browsers on iOS open it directly. On Android a page must redirect to it.
    #[serde(deserialize_with = "lenient::required")]
    pub openlink: String,
}

/// Creates a link of the form `https://wxaurl.cn/…`. Source: 获取加密 URLLink (`generateUrlLink`).
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
/// The same as for [`GenerateScheme`].
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GenerateUrlLink {
    #[serde(flatten)]
    target: Target,
    #[serde(flatten)]
    expiry: Expiry,
}

impl GenerateUrlLink {
    /// Creates a link to a page, valid until `expiry`.
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

/// The response to [`GenerateUrlLink`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UrlLink {
    /// The link.
    #[serde(deserialize_with = "lenient::required")]
    pub url_link: String,
}
