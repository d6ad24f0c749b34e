//! Begins pending sign-ins, and waits for their scans.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::request::Parts;
use sha2::{Digest, Sha256};

use super::clients::{Another, Client, Place};
use super::pending::PendingLogin;
use super::settings::Settings;
use super::store::{ScanError, ScannedUser};
use crate::browser::Cookie;
use crate::hex;
use crate::panic::{self, Panicked};
use crate::secret::Secret;

/// The number of hexadecimal digits of a scene after its prefix: 160 bits.
pub(super) const DIGITS: usize = 40;

/// The pending sign-ins by scan. Clones share them. See the [module documentation](super).
#[derive(Clone)]
pub struct ScanLogin {
    pub(super) settings: Arc<Settings>,
}

/// The status of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanStatus {
    /// This user scanned.
    Scanned(ScannedUser),
    /// No user has scanned yet: wait again.
    Waiting,
    /// The sign-in has ended, or never existed.
    Gone,
}

impl ScanLogin {
    /// Begins a sign-in that is not attributed to a client, so one visitor can fill the store.
    /// Where strangers can reach it, use [`start_for`](Self::start_for).
    ///
    /// # Errors
    /// [`ScanError::Full`], or the error of the store.
    pub async fn start(&self) -> Result<PendingLogin, ScanError> {
        self.begin(None).await
    }

    /// Begins a sign-in for the client that [`client_key`](Self::client_key) identifies from a
    /// request. A client at its [limit](Self::pending_per_client) loses its oldest sign-in. When
    /// the store is full, no sign-in is ended.
    ///
    /// Without `client_key` it is the same as [`start`](Self::start).
    ///
    /// # Errors
    /// [`ScanError::Full`], the error of the store, or [`ScanError::Panicked`].
    pub async fn start_for(&self, request: &Parts) -> Result<PendingLogin, ScanError> {
        let client = self.settings.client_key.as_ref().map(|key| {
            panic::contain(|| key(request)).map_err(|Panicked| {
                tracing::error!("the client_key function panicked");
                ScanError::Panicked
            })
        });
        self.begin(client.transpose()?.flatten()).await
    }

    async fn begin(&self, client: Option<Client>) -> Result<PendingLogin, ScanError> {
        let Settings { life, store, .. } = &*self.settings;
        let id = Cookie::value();
        let scene = self.scene(&id);
        // Reserved before it is opened, so that starts at the same time don't exceed the limit.
        let place = match client {
            Some(client) => Some(self.place(client, &scene).await?),
            None => None,
        };
        if store.open(&scene, *life).await? {
            return Ok(PendingLogin {
                id,
                scene,
                life: *life,
                cookie: self.settings.cookie.clone(),
            });
        }
        if let Some(place) = place {
            place.give_back();
        }
        Err(ScanError::Full)
    }

    /// Reserves another sign-in of a client, after ending its oldest if needed.
    async fn place(&self, client: Client, scene: &str) -> Result<Place, ScanError> {
        let Settings { clients, store, .. } = &*self.settings;
        let (max, life) = (self.settings.per_client, self.settings.life);
        loop {
            match clients.another(client, max, scene, life) {
                Another::Begin(place) => return Ok(place),
                Another::Busy => return Err(ScanError::Full),
                // Counted until the store has ended it, also when this future is dropped.
                Another::End(number, oldest) => match store.close(&oldest).await? {
                    true => clients.forget(number),
                    false => return Err(ScanError::Full),
                },
            }
        }
    }

    /// Waits for the scan of a sign-in, for at most [`patience`](Self::patience).
    ///
    /// The result stays available until the sign-in ends, so that a page whose answer was lost can
    /// ask again.
    ///
    /// # Errors
    /// [`ScanError::Busy`], or the error of the store.
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
            waits,
            ..
        } = &*self.settings;
        let scene = self.scene(id);
        let _waiting = waits.enter(&scene)?;
        match runtime.timeout(patience, store.wait(&scene)).await {
            None => Ok(ScanStatus::Waiting),
            Some(Ok(Some(user))) => Ok(ScanStatus::Scanned(user)),
            Some(Ok(None)) => Ok(ScanStatus::Gone),
            Some(Err(error)) => Err(error),
        }
    }

    /// Returns the id of the sign-in that the browser of a request began, from its cookie.
    pub fn id_of<B>(&self, request: &Request<B>) -> Option<Secret> {
        self.settings.cookie.read(request)
    }

    /// Returns whether a scene belongs to a sign-in, pending or not.
    pub fn owns(&self, scene: &str) -> bool {
        scene.starts_with(&self.settings.prefix)
    }

    /// Returns the scene of an id. The id cannot be derived from it.
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
