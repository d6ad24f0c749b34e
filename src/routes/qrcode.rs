//! `POST getwxqrcode`: creates a parametric QR code of an official account, with its image.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::caller::{Caller, required};
use super::failure::{Failure, RetCode};
use super::json::{JsonRoute, JsonService};
use crate::api::{lenient, qrcode};
use crate::client::Wechat;

/// Creates a QR code with a scene, and returns its ticket and its image.
///
/// The request is `{"source","appid","scene"}`. For a numeric scene, send `scene_id` instead of
/// `scene`. `expire_seconds` is the life of the code. It is at most 2592000 (30 days) and defaults
/// to 60, also when it is 0. With `"permanent": true` the code never expires, and `expire_seconds`
/// must be absent or 0.
///
/// In the answer, `qr_buffer` is the image as a `data:` URL with its actual type, `url` is the
/// content of the image, and `expire_seconds` is the life of the code, 0 for a permanent one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::routes::QrcodeService;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let codes = QrcodeService::new(wechat.clone()).unprotected();
/// let request = Request::post("/qrcode")
///     .header(header::CONTENT_TYPE, "application/json")
///     .body(Body::from(
///         r#"{"source":"shop","appid":"wx3cc8fd6963e31a32","scene":"order-42","expire_seconds":600}"#,
///     ))?;
/// assert_eq!(codes.oneshot(request).await?.status(), StatusCode::OK);
/// # Ok(())
/// # }
/// ```
pub type QrcodeService = JsonService<Qrcode>;

impl QrcodeService {
    /// Creates a service for all apps of `wechat`.
    pub fn new(wechat: Wechat) -> Self {
        let runtime = wechat.runtime().clone();
        Self::from_route(Qrcode::new(wechat)).shared_runtime(runtime)
    }
}

/// The route of [`QrcodeService`].
#[derive(Debug, Clone)]
pub struct Qrcode {
    wechat: Wechat,
}

impl Qrcode {
    pub(super) fn new(wechat: Wechat) -> Self {
        Self { wechat }
    }
}

/// The request of `getwxqrcode`.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct QrcodeRequest {
    source: Option<String>,
    #[serde(alias = "app_id")]
    appid: Option<String>,
    flow_id: Option<String>,
    scene: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    scene_id: Option<u64>,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    expire_seconds: Option<u64>,
    #[serde(default, deserialize_with = "lenient::flag")]
    permanent: bool,
}

/// The answer of `getwxqrcode`.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct QrcodeAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
    appid: String,
    ticket: String,
    url: String,
    qr_buffer: String,
    expire_seconds: u64,
}

impl QrcodeRequest {
    fn code(&self) -> Result<qrcode::CreateQrcode, Failure> {
        let scene = self.scene()?;
        let life = self.expire_seconds.filter(|seconds| *seconds > 0);
        match (self.permanent, life) {
            (true, None) => Ok(qrcode::CreateQrcode::permanent(scene)),
            (true, Some(_)) => Err(Failure::parameter(
                "expire_seconds must be absent or 0 for a permanent code",
            )),
            (false, None) => Ok(qrcode::CreateQrcode::temporary(scene)),
            (false, Some(life)) => {
                Ok(qrcode::CreateQrcode::temporary(scene).expires_in(Duration::from_secs(life)))
            }
        }
    }

    fn scene(&self) -> Result<qrcode::Scene, Failure> {
        // Some JSON writers omit nothing: they send an empty `scene` or a zero `scene_id`.
        let scene = self.scene.as_ref().filter(|scene| !scene.is_empty());
        let id = self.scene_id.filter(|id| *id > 0 || scene.is_none());
        match (scene, id) {
            (Some(_), Some(_)) => Err(Failure::parameter(
                "scene and scene_id exclude each other: send one of them",
            )),
            (_, Some(id)) => u32::try_from(id).map(Into::into).map_err(|_| {
                Failure::parameter(format!(
                    "scene_id must be at most {} (it is {id}): send a text in scene instead",
                    u32::MAX
                ))
            }),
            (scene, None) => Ok(required("scene", scene.cloned())?.into()),
        }
    }
}

impl JsonRoute for Qrcode {
    const NAME: &'static str = "getwxqrcode";
    type Request = QrcodeRequest;
    type Answer = QrcodeAnswer;

    async fn answer(self, mut request: QrcodeRequest) -> Result<QrcodeAnswer, Failure> {
        let caller = Caller::check(
            request.source.take(),
            request.appid.take(),
            request.flow_id.take(),
        )?;
        let code = request.code()?;

        let app = caller.app(&self.wechat)?;
        let failed = |error| Failure::from_error(error, RetCode::QR_CODE);
        let ticket = app.call(code).await.map_err(failed)?;
        let image = app.call(qrcode::ShowQrcode::of(&ticket)).await;
        let image = image.map_err(failed)?;
        tracing::debug!(
            source = caller.source,
            appid = caller.appid,
            "created a QR code"
        );
        Ok(QrcodeAnswer {
            flow_id: caller.flow_id,
            appid: caller.appid,
            ticket: ticket.ticket,
            url: ticket.url,
            qr_buffer: image.data_url(),
            expire_seconds: ticket.expire_seconds.unwrap_or_default(),
        })
    }
}
