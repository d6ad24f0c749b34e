//! Codes that open a mini-program when they are scanned (小程序码 and 小程序二维码). The response
//! of each call is an [`Image`].
//!
//! | call | code | how many |
//! |---|---|---|
//! | [`GetUnlimitedQrcode`] | round, holds a scene of 32 characters | unlimited, 5,000 calls a minute |
//! | [`GetQrcode`] | round, holds a path | 100,000 over the life of the app, together with the next
//! |
//! | [`CreateQrcode`] | square, holds a path | |

use serde::Serialize;

pub use super::style::{LineColor, Style};

use super::{EnvVersion, limits, style};
use crate::api::{Endpoint, Image};
use crate::error::Error;

/// Creates a round code that holds a scene. Source: 获取不限制的小程序码 (`getUnlimitedQRCode`).
///
/// The page gets the scene URL-encoded, as `query.scene`. Decode it there with
/// `decodeURIComponent`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::code::{GetUnlimitedQrcode, Style};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let code = GetUnlimitedQrcode::new("order=42").page("pages/index/index");
/// let image = app.call(code.style(Style::new().width(600))).await?;
/// assert!(image.data_url().starts_with("data:image/png;base64,"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// - 41030: the page is not in the released version.
/// - 40129 and 40169: the scene is invalid.
/// - 45009: the quota is used up.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetUnlimitedQrcode {
    scene: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_path: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_version: Option<EnvVersion>,
    #[serde(flatten)]
    style: Style,
}

impl GetUnlimitedQrcode {
    /// Creates a code with a scene of 1 to 32 characters: ASCII letters, digits and
    /// `!#$&'()*+,/:;=?@-._~`. The code opens the home page.
    pub fn new(scene: impl Into<String>) -> Self {
        Self {
            scene: scene.into(),
            page: None,
            check_path: None,
            env_version: None,
            style: Style::new(),
        }
    }

    /// Sets the page that opens, such as `pages/index/index`. It has no leading `/` and no query.
    /// Defaults to the home page.
    #[must_use]
    pub fn page(mut self, page: impl Into<String>) -> Self {
        self.page = Some(page.into());
        self
    }

    /// Sets whether the page must be in the released version. Defaults to true. An app can have
    /// 60,000 pages that are not checked.
    #[must_use]
    pub fn check_path(mut self, check: bool) -> Self {
        self.check_path = Some(check);
        self
    }

    /// Sets the version that opens. Defaults to the released one.
    #[must_use]
    pub fn env_version(mut self, version: EnvVersion) -> Self {
        self.env_version = Some(version);
        self
    }

    /// Sets how the code looks.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl Endpoint for GetUnlimitedQrcode {
    type Response = Image;
    const PATH: &'static str = "/wxa/getwxacodeunlimit";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limits::scene(&self.scene)?;
        self.page.as_deref().map_or(Ok(()), limits::page)?;
        self.style.check()
    }
}

/// Creates a round code that holds a path. Source: 获取小程序码 (`getQRCode`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::code::GetQrcode;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let image = app.call(GetQrcode::new("pages/index/index?shop=7")).await?;
/// assert!(!image.bytes().is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// - 40159: the path is invalid.
/// - 45029: the app has made as many codes of this kind as it may.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetQrcode {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_version: Option<EnvVersion>,
    #[serde(flatten)]
    style: Style,
}

impl GetQrcode {
    /// Creates a code with a path of at most 1024 bytes, which can have a query.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            env_version: None,
            style: Style::new(),
        }
    }

    /// Sets the version that opens. Defaults to the released one.
    #[must_use]
    pub fn env_version(mut self, version: EnvVersion) -> Self {
        self.env_version = Some(version);
        self
    }

    /// Sets how the code looks.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// Not repeated if the response is lost, because each code is one of 100,000.
impl Endpoint for GetQrcode {
    type Response = Image;
    const PATH: &'static str = "/wxa/getwxacode";

    fn check(&self) -> Result<(), Error> {
        limits::path("path", &self.path, limits::PATH_MAX)?;
        self.style.check()
    }
}

/// Creates a square code that holds a path. Source: 获取小程序二维码 (`createQRCode`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::code::CreateQrcode;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let image = app.call(CreateQrcode::new("pages/index/index?shop=7").width(280)).await?;
/// assert!(!image.bytes().is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The same as for [`GetQrcode`], whose limit of 100,000 codes includes this call.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CreateQrcode {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
}

impl CreateQrcode {
    /// Creates a code with a path of at most 128 bytes, which can have a query.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            width: None,
        }
    }

    /// Sets the width in pixels, 280 to 1280. Defaults to 430.
    #[must_use]
    pub fn width(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }
}

/// Not repeated if the response is lost, because each code is one of 100,000.
impl Endpoint for CreateQrcode {
    type Response = Image;
    const PATH: &'static str = "/cgi-bin/wxaapp/createwxaqrcode";

    fn check(&self) -> Result<(), Error> {
        limits::path("path", &self.path, 128)?;
        style::width(self.width)
    }
}
