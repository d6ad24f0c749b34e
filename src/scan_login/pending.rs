//! A sign-in that has begun.

use std::time::Duration;

use http::HeaderValue;

use crate::api::qrcode;
use crate::browser::Cookie;
use crate::secret::Secret;

/// A sign-in that waits for a scan.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_wechat::api::qrcode::ShowQrcode;
/// use tower_wechat::scan_login::ScanLogin;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// # let app = wechat.app(sandbox.appid())?;
///
/// let pending = ScanLogin::new(&wechat).start().await?;
/// let ticket = app.call(pending.code()).await?;
/// let image = app.call(ShowQrcode::of(&ticket)).await?;
/// let page = format!("<img src=\"{}\">", image.data_url());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PendingLogin {
    pub(super) id: Secret,
    pub(super) scene: String,
    pub(super) life: Duration,
    pub(super) cookie: Cookie,
}

impl PendingLogin {
    /// Who has it gets the result: it is for the browser that asked for the code, in a cookie.
    pub fn id(&self) -> &Secret {
        &self.id
    }

    /// What the QR code holds: at most 64 characters, visible to everyone who sees the code.
    pub fn scene(&self) -> &str {
        &self.scene
    }

    /// The call that makes the QR code: temporary, with the scene, and as long-lived as the
    /// sign-in. Its image is fetched with the ticket, or drawn from the ticket's `url`.
    pub fn code(&self) -> qrcode::CreateQrcode {
        qrcode::CreateQrcode::temporary(self.scene()).expires_in(self.life)
    }

    /// How long the user has to scan.
    pub fn expires_in(&self) -> Duration {
        self.life
    }

    /// The `Set-Cookie` of the answer that shows the QR code.
    pub fn cookie(&self) -> Option<HeaderValue> {
        self.cookie.set(&self.id, self.life)
    }
}
