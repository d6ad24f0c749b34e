//! A pending sign-in.

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
    /// Returns the secret id. Anyone who has it gets the result, so send it only to the browser
    /// that asked for the code, in a cookie.
    pub fn id(&self) -> &Secret {
        &self.id
    }

    /// Returns the content of the QR code: at most 64 characters, visible to everyone who sees the
    /// code.
    pub fn scene(&self) -> &str {
        &self.scene
    }

    /// Returns the call that creates the QR code. The code is temporary, holds the scene, and
    /// expires with the sign-in. Fetch its image with the ticket, or draw it from the ticket's
    /// `url`.
    pub fn code(&self) -> qrcode::CreateQrcode {
        qrcode::CreateQrcode::temporary(self.scene()).expires_in(self.life)
    }

    /// Returns how long the user has to scan.
    pub fn expires_in(&self) -> Duration {
        self.life
    }

    /// Returns the `Set-Cookie` header for the response that shows the QR code.
    pub fn cookie(&self) -> Option<HeaderValue> {
        self.cookie.set(&self.id, self.life)
    }
}
