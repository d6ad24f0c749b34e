//! Parametric QR codes of an official account (带参数的二维码). The code holds a scene, which is
//! part of the push for every scan.

use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Auth, Endpoint, Host, Image, lenient, limit};
use crate::error::Error;

/// The maximum lifetime of a temporary code: thirty days.
const LIFE_MAX: Duration = Duration::from_secs(2_592_000);

/// The default lifetime of a temporary code, which is also the platform's default. The platform's
/// default has changed over the years, so the lifetime is always sent.
const LIFE: Duration = Duration::from_secs(60);

/// The maximum numeric scene of a permanent code.
const PERMANENT_ID_MAX: u32 = 100_000;

/// Creates a QR code. Source: 生成带参数的二维码 (`qrcode/create`). For verified service accounts
/// (服务号) only.
///
/// The type of the scene and the lifetime select the platform's action: `QR_SCENE`, `QR_STR_SCENE`,
/// `QR_LIMIT_SCENE` or `QR_LIMIT_STR_SCENE`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use std::time::Duration;
/// use tower_wechat::api::qrcode;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let code = qrcode::CreateQrcode::temporary("order-42").expires_in(Duration::from_secs(3600));
/// let ticket = app.call(code).await?;
/// assert!(ticket.url.starts_with("http://weixin.qq.com/q/"));
/// assert_eq!(ticket.expire_seconds, Some(3600));
///
/// let table = app.call(qrcode::CreateQrcode::permanent(7_u32)).await?;
/// assert_eq!(table.expire_seconds, None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CreateQrcode {
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_seconds: Option<u64>,
    action_name: &'static str,
    action_info: ActionInfo,
}

#[derive(Debug, Clone, Serialize)]
struct ActionInfo {
    scene: Scene,
}

/// The value that a QR code holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum Scene {
    /// A number that is not 0, and at most 100,000 for a permanent code.
    #[serde(rename = "scene_id")]
    Id(u32),
    /// A text of 1 to 64 characters.
    #[serde(rename = "scene_str")]
    Text(String),
}

impl From<u32> for Scene {
    fn from(id: u32) -> Self {
        Self::Id(id)
    }
}

impl From<&str> for Scene {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Scene {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl CreateQrcode {
    /// Creates a temporary code. It expires after a minute, or after
    /// [`expires_in`](Self::expires_in).
    pub fn temporary(scene: impl Into<Scene>) -> Self {
        let scene = scene.into();
        Self {
            expire_seconds: Some(LIFE.as_secs()),
            action_name: match scene {
                Scene::Id(_) => "QR_SCENE",
                Scene::Text(_) => "QR_STR_SCENE",
            },
            action_info: ActionInfo { scene },
        }
    }

    /// Creates a code that never expires.
    ///
    /// An account can make 100,000 of them and delete none. Prefer temporary codes for anything
    /// that ends.
    pub fn permanent(scene: impl Into<Scene>) -> Self {
        let scene = scene.into();
        Self {
            expire_seconds: None,
            action_name: match scene {
                Scene::Id(_) => "QR_LIMIT_SCENE",
                Scene::Text(_) => "QR_LIMIT_STR_SCENE",
            },
            action_info: ActionInfo { scene },
        }
    }

    /// Sets the lifetime of a temporary code: one second to thirty days, rounded up to whole
    /// seconds. Defaults to a minute. A permanent code with a lifetime is refused.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        let part = u64::from(life.subsec_nanos() > 0);
        self.expire_seconds = Some(life.as_secs().saturating_add(part));
        self
    }

    fn is_permanent(&self) -> bool {
        self.action_name.starts_with("QR_LIMIT")
    }
}

impl Endpoint for CreateQrcode {
    type Response = Ticket;
    const PATH: &'static str = "/cgi-bin/qrcode/create";

    /// A duplicate temporary code is wasted but harmless. A second permanent code of the same scene
    /// is the first one.
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        match (&self.action_info.scene, self.is_permanent()) {
            (Scene::Text(text), _) => limit::chars("scene_str", text, 1..=64)?,
            (Scene::Id(0), _) => return Err(Error::input("scene_id", "must not be 0")),
            (Scene::Id(id), true) if *id > PERMANENT_ID_MAX => {
                return Err(Error::input(
                    "scene_id",
                    format!(
                        "of a permanent code must be at most {PERMANENT_ID_MAX} (it is {id}): use \
                         a text, or a temporary code"
                    ),
                ));
            }
            _ => {}
        }
        match (self.expire_seconds, self.is_permanent()) {
            (Some(_), true) => Err(Error::input(
                "expire_seconds",
                "is for temporary codes: a permanent one never expires",
            )),
            (Some(seconds), _) if !(1..=LIFE_MAX.as_secs()).contains(&seconds) => {
                Err(Error::input(
                    "expire_seconds",
                    format!(
                        "must be 1 to {} (it is {seconds}): the maximum is thirty days",
                        LIFE_MAX.as_secs()
                    ),
                ))
            }
            _ => Ok(()),
        }
    }
}

/// A QR code that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ticket {
    /// Identifies the code in [`ShowQrcode`] and in the pushes for its scans.
    #[serde(deserialize_with = "lenient::required")]
    pub ticket: String,
    /// The remaining lifetime of a temporary code, in seconds.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub expire_seconds: Option<u64>,
    /// The text in the image, to draw your own image.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub url: String,
}

/// Fetches the image of a QR code. Source: 通过 ticket 换取二维码 (`showqrcode`).
///
/// The call needs no token, so a browser can also make it. The platform returns HTTP 404 for an
/// unknown ticket.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::qrcode;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let ticket = app.call(qrcode::CreateQrcode::temporary("order-42")).await?;
/// let image = app.call(qrcode::ShowQrcode::of(&ticket)).await?;
/// assert!(image.data_url().starts_with("data:image/"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ShowQrcode {
    ticket: String,
}

impl ShowQrcode {
    /// Fetches the image of a ticket. Pass the ticket without encoding it.
    pub fn new(ticket: impl Into<String>) -> Self {
        Self {
            ticket: ticket.into(),
        }
    }

    /// Fetches the image of a code that was just created.
    pub fn of(ticket: &Ticket) -> Self {
        Self::new(ticket.ticket.as_str())
    }
}

impl Endpoint for ShowQrcode {
    type Response = Image;
    const PATH: &'static str = "/cgi-bin/showqrcode";
    const METHOD: Method = Method::GET;
    const AUTH: Auth = Auth::None;
    const HOST: Host = Host::Mp;
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limit::bytes("ticket", &self.ticket, 1..=1024)
    }
}
