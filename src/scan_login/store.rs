//! The store of pending sign-ins.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::AppId;
use crate::error::chain;
use crate::store::StoreError;

/// The longest life of a scene. A clock cannot show every later time.
pub(crate) const LIFE_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The user who scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScannedUser {
    /// The app whose QR code was scanned.
    pub appid: AppId,
    /// The user's id for this app.
    pub openid: String,
    /// Whether the scan made the user a follower.
    pub new_follower: bool,
}

impl ScannedUser {
    /// Creates a user, for a store that reads one back.
    pub fn new(appid: AppId, openid: impl Into<String>, new_follower: bool) -> Self {
        Self {
            appid,
            openid: openid.into(),
            new_follower,
        }
    }

    /// Returns whether `other` is the same user of the same app.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.appid == other.appid && self.openid == other.openid
    }
}

/// Stores pending sign-ins by scene.
///
/// [`MemoryScanStore`](super::MemoryScanStore) keeps them in one process. A shared store, such as
/// `RedisStore` of the feature `redis`, lets the push and the waiting page reach different
/// instances.
///
/// A scene is not a secret. The secret id that belongs to it never reaches the store.
///
/// Implement it with `async fn`s.
#[cfg_attr(
    feature = "test-util",
    doc = "\n[`conformance`](crate::shared::conformance) checks the rules: [`scan_store`](crate::shared::conformance::scan_store), [`scan_close`](crate::shared::conformance::scan_close)."
)]
pub trait ScanStore: Send + Sync + 'static {
    /// Adds a scene for `life`, or for as long as the store can keep it. Returns `false` when the
    /// store is full.
    fn open(
        &self,
        scene: &str,
        life: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Sets the user of a scene that has none, atomically, and wakes all who wait for it. The scene
    /// ends when it would have ended without a scan.
    ///
    /// Returns `true` when the scene has this user, including when it already had it, since pushes
    /// are retried; the first scan stays. Returns `false` when the scene has another user, has ended,
    /// or never existed. The same openid of another app is another user, and openids are
    /// case-sensitive.
    fn complete(
        &self,
        scene: &str,
        user: ScannedUser,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Waits for the user of a scene. Returns `None` at once when the scene has ended or never
    /// existed. The future is dropped when the wait takes too long.
    ///
    /// A scene has several waiters, and the user stays available until the scene ends: the answer of
    /// an earlier wait may have been lost.
    fn wait(
        &self,
        scene: &str,
    ) -> impl Future<Output = Result<Option<ScannedUser>, StoreError>> + Send;

    /// Ends a scene early, and wakes those who wait for it.
    ///
    /// Returns `true` when the scene has ended, including when it already had. The default
    /// implementation returns `false`, for a store that cannot end scenes. A client at its [limit
    /// of pending sign-ins](super::ScanLogin::pending_per_client) then cannot begin another.
    fn close(&self, scene: &str) -> impl Future<Output = Result<bool, StoreError>> + Send {
        let _ = scene;
        async { Ok(false) }
    }
}

/// The error of a sign-in by scan.
#[derive(Debug)]
#[non_exhaustive]
pub enum ScanError {
    /// The limit of pending sign-ins is reached.
    Full,
    /// The limit of waiting requests is reached: in total, or ten for this sign-in.
    Busy,
    /// The store failed.
    Store(StoreError),
    /// The store or the function of [`client_key`](super::ScanLogin::client_key) panicked.
    Panicked,
}

impl ScanError {
    /// Logs why a wait failed, unless that has been logged.
    pub(super) fn log(&self) {
        let is_logged = match self {
            Self::Panicked => true,
            Self::Store(error) => error.is_logged(),
            Self::Full | Self::Busy => false,
        };
        if !is_logged {
            tracing::warn!(error = chain(self), "could not wait for a scan");
        }
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "too many pending sign-ins",
            Self::Busy => "too many waiting requests",
            Self::Store(_) => "the store of pending sign-ins failed",
            Self::Panicked => "the store or the client_key function panicked",
        })
    }
}

impl std::error::Error for ScanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
