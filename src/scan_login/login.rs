//! Pending sign-ins: how they begin and how one waits for them.

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
    /// Begins a sign-in that counts for no client: one visitor can take every place of the store.
    /// Where strangers can reach it, use [`start_for`](Self::start_for).
    ///
    /// # Errors
    /// [`ScanError::Full`], or the store's.
    pub async fn start(&self) -> Result<PendingLogin, ScanError> {
        self.begin(None).await
    }

    /// Begins a sign-in for the client that [`client_key`](Self::client_key) finds in a request.
    /// A client with [as many as it may have](Self::pending_per_client) loses its oldest; when the
    /// store is full, nobody loses one.
    ///
    /// Without `client_key` it does the same as [`start`](Self::start).
    ///
    /// # Errors
    /// [`ScanError::Full`], or the store's, or [`ScanError::Panicked`].
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

    /// Makes room for another sign-in of a client, by ending its oldest.
    async fn place(&self, client: Client, scene: &str) -> Result<Place, ScanError> {
        let Settings { clients, store, .. } = &*self.settings;
        let (max, life) = (self.settings.per_client, self.settings.life);
        loop {
            match clients.another(client, max, scene, life) {
                Another::Begin(place) => return Ok(place),
                Another::Busy => return Err(ScanError::Full),
                // It is counted until the store has ended it, also when this future is dropped.
                Another::End(number, oldest) => match store.close(&oldest).await? {
                    true => clients.forget(number),
                    false => return Err(ScanError::Full),
                },
            }
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
