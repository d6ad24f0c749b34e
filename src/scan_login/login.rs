//! Pending sign-ins: how they begin and how one waits for them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use sha2::{Digest, Sha256};

use super::pending::PendingLogin;
use super::settings::Settings;
use super::store::{ScanError, ScannedUser};
use crate::browser::Cookie;
use crate::hex;
use crate::secret::Secret;

/// The hexadecimal digits of a scene after its prefix: 160 bits.
pub(super) const DIGITS: usize = 40;

/// Pending sign-ins by scan; its clones share them. See the [room's documentation](super).
#[derive(Clone)]
pub struct ScanLogin {
    pub(super) settings: Arc<Settings>,
}

/// Where a sign-in stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanStatus {
    /// This user scanned.
    Scanned(ScannedUser),
    /// Nobody has scanned yet: wait again.
    Waiting,
    /// It has ended, or never was.
    Gone,
}

impl ScanLogin {
    /// Begins a sign-in.
    ///
    /// # Errors
    /// [`ScanError::Full`], or the store's.
    pub async fn start(&self) -> Result<PendingLogin, ScanError> {
        let Settings { life, store, .. } = &*self.settings;
        let id = Cookie::value();
        let scene = self.scene(&id);
        match store.open(&scene, *life).await {
            Ok(true) => Ok(PendingLogin {
                id,
                scene,
                life: *life,
                cookie: self.settings.cookie.clone(),
            }),
            Ok(false) => Err(ScanError::Full),
            Err(error) => Err(ScanError::Store(error)),
        }
    }

    /// Waits for the scan of a sign-in, for as long as [`patience`](Self::patience) says.
    ///
    /// The result is there until the sign-in ends, so that an answer that is lost on the way can
    /// be asked for again.
    ///
    /// # Errors
    /// [`ScanError::Busy`], or the store's.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn wait(&self, id: &Secret) -> Result<ScanStatus, ScanError> {
        self.wait_for(id, self.settings.patience).await
    }

    pub(super) async fn wait_for(
        &self,
        id: &Secret,
        patience: Duration,
    ) -> Result<ScanStatus, ScanError> {
        let Settings {
            store,
            runtime,
            waiting,
            ..
        } = &*self.settings;
        let Ok(_permit) = waiting.try_acquire() else {
            return Err(ScanError::Busy);
        };
        let wait = store.wait(&self.scene(id));
        match runtime.timeout(patience, wait).await {
            None => Ok(ScanStatus::Waiting),
            Some(Ok(Some(user))) => Ok(ScanStatus::Scanned(user)),
            Some(Ok(None)) => Ok(ScanStatus::Gone),
            Some(Err(error)) => Err(ScanError::Store(error)),
        }
    }

    /// The id of the sign-in that a request's browser began, from its cookie.
    pub fn id_of<B>(&self, request: &Request<B>) -> Option<Secret> {
        self.settings.cookie.read(request)
    }

    /// Whether a scene is one of a sign-in, pending or not.
    pub fn owns(&self, scene: &str) -> bool {
        scene.starts_with(&self.settings.prefix)
    }

    /// The scene of an id. Who reads it does not learn the id.
    fn scene(&self, id: &Secret) -> String {
        let digest = Sha256::new()
            .chain_update("tower-wechat scan ")
            .chain_update(id.expose())
            .finalize();
        format!("{}{}", self.settings.prefix, hex::first(&digest, DIGITS))
    }
}

impl fmt::Debug for ScanLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanLogin")
            .field("prefix", &self.settings.prefix)
            .field("expires_in", &self.settings.life)
            .finish_non_exhaustive()
    }
}
