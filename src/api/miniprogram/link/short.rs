//! Links for chats.

use serde::{Deserialize, Serialize};

use crate::api::miniprogram::limits;
use crate::api::{Endpoint, lenient};
use crate::error::Error;

/// Creates a link of the form `#小程序://…`, for chats. Source: 获取 ShortLink
/// (`generateShortLink`).
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
/// - 40066: the page is invalid.
/// - 40225: the title is invalid.
/// - 43104: the account's category does not permit short links.
/// - 85400: the app has made its 100,000 permanent links.
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
    /// Creates a link to a page of at most 1024 bytes, which can have a query. The link is valid
    /// for 30 days.
    pub fn new(page_url: impl Into<String>) -> Self {
        Self {
            page_url: page_url.into(),
            page_title: None,
            is_permanent: None,
        }
    }

    /// Sets the title of the link. The platform cuts it after 20 characters.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.page_title = Some(title.into());
        self
    }

    /// Makes the link permanent. An app can have 100,000 permanent links.
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

/// The response to [`GenerateShortLink`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShortLink {
    /// The link.
    #[serde(deserialize_with = "lenient::required")]
    pub link: String,
}
