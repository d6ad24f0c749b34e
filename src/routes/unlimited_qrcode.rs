//! `POST getunlimitedqrcode`: creates a mini-program's code with a scene.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::caller::{Caller, required};
use super::failure::{Failure, RetCode};
use super::json::{JsonRoute, JsonService};
use crate::api::lenient;
use crate::api::miniprogram::EnvVersion;
use crate::api::miniprogram::code::{GetUnlimitedQrcode, LineColor, Style};
use crate::client::Wechat;

/// Creates codes of mini-programs.
///
/// The request is `{"source","appid","scene"}` with the optional fields `page`, `check_path`,
/// `env_version`, `width`, `auto_color`, `line_color` and `is_hyaline`, as in
/// [`GetUnlimitedQrcode`]. The answer has `appid` and `qr_buffer`, the image as a `data:` URL with
/// its actual type.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::routes::UnlimitedQrcodeService;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let codes = UnlimitedQrcodeService::new(wechat).unprotected();
/// let request = Request::post("/code")
///     .header(header::CONTENT_TYPE, "application/json")
///     .body(Body::from(r#"{"source":"shop","appid":"wx3cc8fd6963e31a32","scene":"a=1"}"#))?;
/// assert_eq!(codes.oneshot(request).await?.status(), StatusCode::OK);
/// # Ok(())
/// # }
/// ```
pub type UnlimitedQrcodeService = JsonService<UnlimitedQrcode>;

impl UnlimitedQrcodeService {
    /// Creates a service for all apps of `wechat`.
    pub fn new(wechat: Wechat) -> Self {
        let runtime = wechat.runtime().clone();
        Self::from_route(UnlimitedQrcode::new(wechat)).shared_runtime(runtime)
    }
}

/// The route of [`UnlimitedQrcodeService`].
#[derive(Debug, Clone)]
pub struct UnlimitedQrcode {
    wechat: Wechat,
}

impl UnlimitedQrcode {
    pub(super) fn new(wechat: Wechat) -> Self {
        Self { wechat }
    }
}

/// The request of `getunlimitedqrcode`.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct UnlimitedQrcodeRequest {
    source: Option<String>,
    #[serde(alias = "app_id")]
    appid: Option<String>,
    flow_id: Option<String>,
    scene: Option<String>,
    page: Option<String>,
    check_path: Option<bool>,
    env_version: Option<String>,
    width: Option<u32>,
    auto_color: Option<bool>,
    line_color: Option<Rgb>,
    is_hyaline: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Rgb {
    #[serde(deserialize_with = "lenient::number")]
    r: u8,
    #[serde(deserialize_with = "lenient::number")]
    g: u8,
    #[serde(deserialize_with = "lenient::number")]
    b: u8,
}

/// The answer of `getunlimitedqrcode`.
#[derive(Serialize)]
#[non_exhaustive]
pub struct UnlimitedQrcodeAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
    appid: String,
    qr_buffer: String,
}

/// Prints the size of the image, not the image.
impl fmt::Debug for UnlimitedQrcodeAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlimitedQrcodeAnswer")
            .field("appid", &self.appid)
            .field("len", &self.qr_buffer.len())
            .finish_non_exhaustive()
    }
}

impl UnlimitedQrcodeRequest {
    fn call(&self, scene: String) -> Result<GetUnlimitedQrcode, Failure> {
        let mut call = GetUnlimitedQrcode::new(scene).style(self.style());
        if let Some(page) = self.page.as_deref().filter(|page| !page.is_empty()) {
            call = call.page(page);
        }
        if let Some(check) = self.check_path {
            call = call.check_path(check);
        }
        if let Some(name) = self.env_version.as_deref().filter(|name| !name.is_empty()) {
            let version = EnvVersion::from_name(name).ok_or_else(|| {
                Failure::parameter("env_version must be release, trial or develop")
            })?;
            call = call.env_version(version);
        }
        Ok(call)
    }

    fn style(&self) -> Style {
        let mut style = Style::new();
        if let Some(pixels) = self.width {
            style = style.width(pixels);
        }
        if self.auto_color == Some(true) {
            style = style.auto_color();
        }
        if let Some(Rgb { r, g, b }) = self.line_color {
            style = style.line_color(LineColor::new(r, g, b));
        }
        if self.is_hyaline == Some(true) {
            style = style.transparent();
        }
        style
    }
}

impl JsonRoute for UnlimitedQrcode {
    const NAME: &'static str = "getunlimitedqrcode";
    type Request = UnlimitedQrcodeRequest;
    type Answer = UnlimitedQrcodeAnswer;
    const OBJECTS: &'static [(&'static str, &'static [&'static str])] =
        &[("line_color", &["r", "g", "b"])];

    async fn answer(
        self,
        mut request: UnlimitedQrcodeRequest,
    ) -> Result<UnlimitedQrcodeAnswer, Failure> {
        let caller = Caller::check(
            request.source.take(),
            request.appid.take(),
            request.flow_id.take(),
        )?;
        let scene = required("scene", request.scene.take())?;
        let call = request.call(scene)?;

        let app = caller.app(&self.wechat)?;
        let image = app.call(call).await;
        let image = image.map_err(|error| Failure::from_error(error, RetCode::QR_CODE))?;
        tracing::debug!(
            source = caller.source,
            appid = caller.appid,
            "created a code"
        );
        Ok(UnlimitedQrcodeAnswer {
            flow_id: caller.flow_id,
            appid: caller.appid,
            qr_buffer: image.data_url(),
        })
    }
}
