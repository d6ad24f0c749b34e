//! Parametric QR codes of an official account (带参数的二维码): a code with a scene, which comes
//! back with the push of everyone who scans it.

use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Auth, Endpoint, Host, Image, lenient, limit};
use crate::error::Error;

/// The longest life of a temporary code: thirty days.
const LIFE_MAX: Duration = Duration::from_secs(2_592_000);

/// The life of a temporary code of which nothing else is said: the platform's own default today.
/// It has changed over the years, so it is always sent.
const LIFE: Duration = Duration::from_secs(60);

/// The largest number of a permanent code.
const PERMANENT_ID_MAX: u32 = 100_000;

/// Makes a QR code. Source: 生成带参数的二维码 (`qrcode/create`). For verified service accounts
/// (服务号).
///
/// Whether the scene is a number or a text, and whether the code is temporary or permanent, chooses
/// the platform's action: `QR_SCENE`, `QR_STR_SCENE`, `QR_LIMIT_SCENE` or `QR_LIMIT_STR_SCENE`.
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

/// What a QR code stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum Scene {
    /// A number: not 0, and at most 100,000 for a permanent code.
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
    /// A code that expires: after a minute, unless [`expires_in`](Self::expires_in) says otherwise.
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

    /// A code that works for ever. An account can make 100,000 of them and delete none: prefer
    /// temporary ones for whatever ends.
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

    /// The life of a temporary code: one second to thirty days, in whole seconds. A permanent code
    /// with a life is refused.
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

    /// A second temporary code is a waste; a second permanent one of the same scene is the first.
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
                        "must be 1 to {} (it is {seconds}): thirty days at most",
                        LIFE_MAX.as_secs()
                    ),
                ))
            }
            _ => Ok(()),
        }
    }
}

/// A QR code that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ticket {
    /// Names the code: for its image ([`ShowQrcode`]), and in the pushes of those who scan it.
    #[serde(deserialize_with = "lenient::required")]
    pub ticket: String,
    /// The remaining life in seconds, of a temporary code.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub expire_seconds: Option<u64>,
    /// What the image holds, to draw one's own.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub url: String,
}

/// The image of a QR code. Source: 通过 ticket 换取二维码 (`showqrcode`). It needs no token, and any
/// browser can fetch it as well.
///
/// A ticket that the platform does not know is answered with HTTP 404.
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
    /// The image of a ticket, which is passed as it came: it is encoded here, once.
    pub fn new(ticket: impl Into<String>) -> Self {
        Self {
            ticket: ticket.into(),
        }
    }

    /// The image of a code that was just made.
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
