//! Codes that open a mini-program when they are scanned (小程序码 and 小程序二维码). Each call
//! answers with an [`Image`].
//!
//! | call | code | how many |
//! |---|---|---|
//! | [`GetUnlimitedQrcode`] | round, holds a scene of 32 characters | unlimited, 5,000 calls a minute |
//! | [`GetQrcode`] | round, holds a path | 100,000 over the life of the app, together with the next |
//! | [`CreateQrcode`] | square, holds a path | |

use serde::Serialize;

pub use super::style::{LineColor, Style};

use super::{EnvVersion, limits, style};
use crate::api::{Endpoint, Image};
use crate::error::Error;

/// A round code that holds a scene. Source: 获取不限制的小程序码 (`getUnlimitedQRCode`).
///
/// The page gets the scene URL-encoded, as `query.scene`: `decodeURIComponent` it there.
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
/// 41030: the page is not in the released version. 40129 and 40169: the scene. 45009: the quota.
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
    /// A code with a scene of 1 to 32 characters: ASCII letters, digits and
    /// `!#$&'()*+,/:;=?@-._~`. It opens the home page.
    pub fn new(scene: impl Into<String>) -> Self {
        Self {
            scene: scene.into(),
            page: None,
            check_path: None,
            env_version: None,
            style: Style::new(),
        }
    }

    /// The page that opens, such as `pages/index/index`: without a leading `/` and without a
    /// query.
    #[must_use]
    pub fn page(mut self, page: impl Into<String>) -> Self {
        self.page = Some(page.into());
        self
    }

    /// Whether the page must be in the released version, as it must if this is not called. An app
    /// may have 60,000 pages that are not checked.
    #[must_use]
    pub fn check_path(mut self, check: bool) -> Self {
        self.check_path = Some(check);
        self
    }

    /// The version that opens.
    #[must_use]
    pub fn env_version(mut self, version: EnvVersion) -> Self {
        self.env_version = Some(version);
        self
    }

    /// How the code looks.
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

/// A round code that holds a path. Source: 获取小程序码 (`getQRCode`).
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
/// 40159: the path. 45029: all codes that an app may have of this kind are made.
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
    /// A code with a path of at most 1024 bytes, which may have a query.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            env_version: None,
            style: Style::new(),
        }
    }

    /// The version that opens.
    #[must_use]
    pub fn env_version(mut self, version: EnvVersion) -> Self {
        self.env_version = Some(version);
        self
    }

    /// How the code looks.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// Not repeated when the answer is lost: each code is one of 100,000.
impl Endpoint for GetQrcode {
    type Response = Image;
    const PATH: &'static str = "/wxa/getwxacode";

    fn check(&self) -> Result<(), Error> {
        limits::path("path", &self.path, limits::PATH_MAX)?;
        self.style.check()
    }
}

/// A square code that holds a path. Source: 获取小程序二维码 (`createQRCode`).
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
/// As [`GetQrcode`], of whose number it is taken.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CreateQrcode {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
}

impl CreateQrcode {
    /// A code with a path of at most 128 bytes, which may have a query.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            width: None,
        }
    }

    /// The width in pixels, 280 to 1280; 430 if not called.
    #[must_use]
    pub fn width(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }
}

/// Not repeated when the answer is lost: each code is one of 100,000.
impl Endpoint for CreateQrcode {
    type Response = Image;
    const PATH: &'static str = "/cgi-bin/wxaapp/createwxaqrcode";

    fn check(&self) -> Result<(), Error> {
        limits::path("path", &self.path, 128)?;
        style::width(self.width)
    }
}
