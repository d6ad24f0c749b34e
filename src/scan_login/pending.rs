//! A sign-in that has begun.

use std::time::Duration;

use http::HeaderValue;

use crate::browser::Cookie;
use crate::secret::Secret;

/// A sign-in that waits for a scan.
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

    /// How long the user has to scan.
    pub fn expires_in(&self) -> Duration {
        self.life
    }

    /// The `Set-Cookie` of the answer that shows the QR code.
    pub fn cookie(&self) -> Option<HeaderValue> {
        self.cookie.set(&self.id, self.life)
    }
}
