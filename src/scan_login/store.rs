//! Where pending sign-ins are kept.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::AppId;
use crate::error::chain;
use crate::store::StoreError;

/// The user who scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScannedUser {
    /// The app whose QR code was scanned.
    pub appid: AppId,
    /// The user's id for this app.
    pub openid: String,
    /// The scan made the user a follower.
    pub new_follower: bool,
}

impl ScannedUser {
    /// A user, as a store reads one back.
    pub fn new(appid: AppId, openid: impl Into<String>, new_follower: bool) -> Self {
        Self {
            appid,
            openid: openid.into(),
            new_follower,
        }
    }
}

/// Keeps pending sign-ins by their scenes. [`MemoryScanStore`](super::MemoryScanStore) keeps them in one
/// process; a shared one lets the push and the waiting page reach different instances.
///
/// A scene is not a secret, and the secret that goes with it never reaches the store.
///
/// Implement it with `async fn`s.
pub trait ScanStore: Send + Sync + 'static {
    /// Adds a scene for `life`. Returns `false` when there is no room for another.
    fn open(
        &self,
        scene: &str,
        life: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Sets the user of a scene that has none, atomically. Returns `true` when the scene now has this
    /// user, also when it had it before: a push comes more than once. Returns `false` when it has
    /// another one, has ended, or never was.
    fn complete(
        &self,
        scene: &str,
        user: ScannedUser,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Waits for the scene's user. Returns `None` at once when the scene has ended or never was. The
    /// future is dropped when the wait takes too long.
    fn wait(
        &self,
        scene: &str,
    ) -> impl Future<Output = Result<Option<ScannedUser>, StoreError>> + Send;

    /// Ends a scene before its life has passed, and wakes those who wait for it. Returns `true` when
    /// it has ended, also when it had before. The default returns `false`, for a store that cannot: a
    /// client that has [as many pending sign-ins as it may](super::ScanLogin::pending_per_client)
    /// then begins no other.
    fn close(&self, scene: &str) -> impl Future<Output = Result<bool, StoreError>> + Send {
        let _ = scene;
        async { Ok(false) }
    }
}

/// Why a sign-in by scan cannot go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ScanError {
    /// There are as many pending sign-ins as are allowed.
    Full,
    /// There are as many waiting requests as are allowed, or ten for this sign-in.
    Busy,
    /// The store failed.
    Store(StoreError),
    /// The store or the host's function for [`client_key`](super::ScanLogin::client_key) panicked.
    Panicked,
}

impl ScanError {
    /// Logs why a wait failed, unless it was logged where it happened.
    pub(super) fn log(&self) {
        if !matches!(self, Self::Panicked) {
            tracing::warn!(error = chain(self), "a wait failed");
        }
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "too many pending sign-ins",
            Self::Busy => "too many waiting requests",
            Self::Store(_) => "the store of pending sign-ins failed",
            Self::Panicked => "the code of the host panicked",
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
