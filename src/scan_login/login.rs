//! Pending sign-ins: how they begin and how one waits for them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::memory::MemoryScans;
use super::store::{ScanError, ScanStore, ScannedUser};
use crate::browser::{Cookie, hex};
use crate::callback::Reply;
use crate::client::Wechat;
use crate::error::Error;
use crate::runtime::SharedRuntime;
use crate::secret::Secret;

const LIFE: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(25);
const PENDING_MAX: usize = 10_000;
const WAITING_MAX: usize = 10_000;

/// The hexadecimal digits of a scene after its prefix: 160 bits.
const DIGITS: usize = 40;
/// The longest prefix, so that a scene has at most the platform's 64 characters.
const PREFIX_MAX: usize = 64 - DIGITS;

/// Pending sign-ins by scan; its clones share them. See the [room's documentation](super).
#[derive(Clone)]
pub struct ScanLogin {
    pub(super) settings: Arc<Settings>,
}

#[derive(Clone)]
pub(super) struct Settings {
    prefix: String,
    life: Duration,
    patience: Duration,
    pub(super) cookie: Cookie,
    pub(super) signed_in: Reply,
    pub(super) too_late: Reply,
    pub(super) store: Arc<dyn ScanStore>,
    waiting: Arc<Semaphore>,
    runtime: SharedRuntime,
}

/// A sign-in that waits for a scan.
#[derive(Debug, Clone)]
pub struct PendingLogin {
    id: Secret,
    scene: String,
    life: Duration,
    cookie: Cookie,
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
    /// Pending sign-ins by the clock and the runtime of `wechat`: in memory, for at most 10,000
    /// at a time, of five minutes each, with scenes that begin with `login-`.
    pub fn new(wechat: &Wechat) -> Self {
        let store = MemoryScans::new(wechat.clock().clone(), PENDING_MAX);
        Self {
            settings: Arc::new(Settings {
                prefix: "login-".to_owned(),
                life: LIFE,
                patience: PATIENCE,
                cookie: Cookie::new("wechat-scan", true),
                signed_in: Reply::none(),
                too_late: Reply::none(),
                store: Arc::new(store),
                waiting: Arc::new(Semaphore::new(WAITING_MAX)),
                runtime: wechat.runtime().clone(),
            }),
        }
    }

    /// What scenes begin with, so that other scenes of the app are not taken for sign-ins.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) unless it is 1 to 24 letters, digits, `-` and
    /// `_`.
    pub fn prefix(self, prefix: &str) -> Result<Self, Error> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let len = prefix.len();
        if !(1..=PREFIX_MAX).contains(&len) || !prefix.bytes().all(legal) {
            return Err(Error::input(
                "prefix",
                format!(
                    "must be 1 to {PREFIX_MAX} letters, digits, '-' or '_' (it has {len} bytes)"
                ),
            ));
        }
        Ok(self.with(|settings| settings.prefix = prefix.to_owned()))
    }

    /// How long a user has to scan, and the page to collect the result. The QR code should live
    /// as long.
    #[must_use]
    pub fn expires_in(self, life: Duration) -> Self {
        self.with(|settings| settings.life = life)
    }

    /// How long one wait takes at most; 25 seconds if not called. Many proxies end a request that
    /// is silent for longer than 30 or 60.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        self.with(|settings| settings.patience = patience)
    }

    /// How many requests may wait at a time; 10,000 if not called.
    #[must_use]
    pub fn waiting_at_most(self, waiting: usize) -> Self {
        let waiting = waiting.min(Semaphore::MAX_PERMITS);
        self.with(|settings| settings.waiting = Arc::new(Semaphore::new(waiting)))
    }

    /// Keeps pending sign-ins in `store`.
    #[must_use]
    pub fn store(self, store: impl ScanStore) -> Self {
        self.with(|settings| settings.store = Arc::new(store))
    }

    /// What the user reads in the chat after a scan: when it signed the page in, and when it came
    /// too late or was the second one. Nothing if not called.
    #[must_use]
    pub fn answers(self, signed_in: Reply, too_late: Reply) -> Self {
        self.with(|settings| {
            settings.signed_in = signed_in;
            settings.too_late = too_late;
        })
    }

    /// Lets the cookie travel over plain HTTP, for development.
    #[must_use]
    pub fn plain_http(self) -> Self {
        self.with(|settings| settings.cookie = Cookie::new("wechat-scan", false))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

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
        format!("{}{}", self.settings.prefix, hex(&digest, DIGITS))
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
