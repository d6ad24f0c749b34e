//! Short keys (短 key 托管). A key of fifteen letters and digits stands for up to 4 KiB of text
//! that does not fit into a scene.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Endpoint, lenient, limit};
use crate::error::Error;

/// The maximum and default lifetime of a short key: thirty days.
const LIFE_MAX: Duration = Duration::from_secs(2_592_000);

/// Stores a text under a short key. Source: 生成短 key (`genShorten`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::{qrcode, shorten};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let key = app.call(shorten::GenerateShortKey::new("a text of up to 4 KiB")).await?.short_key;
/// let ticket = app.call(qrcode::CreateQrcode::temporary(key.as_str())).await?;
/// # let _ = ticket;
/// let kept = app.call(shorten::FetchShortKey::new(key)).await?;
/// assert_eq!(kept.long_data, "a text of up to 4 KiB");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GenerateShortKey {
    long_data: String,
    expire_seconds: u64,
}

impl GenerateShortKey {
    /// Stores a text of 1 to 4096 bytes for thirty days.
    pub fn new(long_data: impl Into<String>) -> Self {
        Self {
            long_data: long_data.into(),
            expire_seconds: LIFE_MAX.as_secs(),
        }
    }

    /// Sets a shorter lifetime, rounded up to whole seconds. Defaults to thirty days.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        let part = u64::from(life.subsec_nanos() > 0);
        self.expire_seconds = life.as_secs().saturating_add(part);
        self
    }
}

impl Endpoint for GenerateShortKey {
    type Response = ShortKey;
    const PATH: &'static str = "/cgi-bin/shorten/gen";
    // A second key for the same text is harmless.
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limit::bytes("long_data", &self.long_data, 1..=4096)?;
        if (1..=LIFE_MAX.as_secs()).contains(&self.expire_seconds) {
            return Ok(());
        }
        Err(Error::input(
            "expire_seconds",
            format!(
                "must be 1 to {} (it is {}): the maximum is thirty days",
                LIFE_MAX.as_secs(),
                self.expire_seconds
            ),
        ))
    }
}

/// The key of a stored text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShortKey {
    /// The key: fifteen letters and digits.
    #[serde(deserialize_with = "lenient::required")]
    pub short_key: String,
}

/// Fetches a stored text. Source: 还原短 key (`fetchShorten`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::{ErrCode, api::shorten};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let error = app.call(shorten::FetchShortKey::new("0123456789abcde")).await.unwrap_err();
/// assert_eq!(error.errcode(), Some(ErrCode::new(9410012))); // unknown, expired or foreign key
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FetchShortKey {
    short_key: String,
}

impl FetchShortKey {
    /// Fetches the text of a key that this account created.
    pub fn new(short_key: impl Into<String>) -> Self {
        Self {
            short_key: short_key.into(),
        }
    }
}

impl Endpoint for FetchShortKey {
    type Response = Kept;
    const PATH: &'static str = "/cgi-bin/shorten/fetch";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limit::given("short_key", &self.short_key)
    }
}

/// A stored text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Kept {
    /// The text.
    #[serde(deserialize_with = "lenient::required")]
    pub long_data: String,
    /// The time when it was stored, in seconds since the Unix epoch.
    #[serde(default, deserialize_with = "lenient::number")]
    pub create_time: u64,
    /// The remaining lifetime in seconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub expire_seconds: u64,
}
