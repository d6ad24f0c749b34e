//! The setters of [`ScanLogin`].

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::clients::{Client, Clients};
use super::kept::Kept;
use super::login::{DIGITS, ScanLogin};
use super::memory::MemoryScanStore;
use super::settings::Settings;
use super::store::ScanStore;
use super::waits::Waits;
use crate::browser::Cookie;
use crate::callback::Reply;
use crate::client::Wechat;
use crate::error::Error;

const LIFE: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(25);
const PENDING_MAX: usize = 10_000;
const PER_CLIENT_MAX: usize = 20;
const WAITING_MAX: usize = 10_000;

/// The longest prefix, so that a scene has at most the platform's 64 characters.
const PREFIX_MAX: usize = 64 - DIGITS;

impl ScanLogin {
    /// Pending sign-ins by the clock and the runtime of `wechat`: in memory, for at most 10,000
    /// at a time, of five minutes each, with scenes that begin with `login-`.
    pub fn new(wechat: &Wechat) -> Self {
        let store = MemoryScanStore::new(wechat.clock().clone(), PENDING_MAX);
        Self {
            settings: Arc::new(Settings {
                prefix: "login-".to_owned(),
                life: LIFE,
                patience: PATIENCE,
                cookie: Cookie::new("wechat-scan", true),
                signed_in: Reply::none(),
                too_late: Reply::none(),
                store: Kept::new(store),
                clients: Clients::new(wechat.clock().clone()),
                client_key: None,
                per_client: PER_CLIENT_MAX,
                waits: Waits::new(WAITING_MAX),
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

    /// How many requests may wait at a time; 10,000 if not called, of which ten for one sign-in.
    #[must_use]
    pub fn max_waiting(self, waiting: usize) -> Self {
        self.with(|settings| settings.waits = Waits::new(waiting))
    }

    /// Tells clients apart by a key that `key` makes of a request, for
    /// [`start_for`](Self::start_for), so that no client takes the places of the others. Only a
    /// digest of the key is kept.
    ///
    /// The key should be one that a client cannot choose, as a rule its address. Behind a reverse
    /// proxy the peer is the proxy; [`TrustedProxies`](super::TrustedProxies) finds the address
    /// behind it. Clients that share an address, as in an office, share a key. An empty key says that
    /// the client is not known: such sign-ins are limited by the store alone, as without this
    /// function.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use axum::extract::ConnectInfo;
    /// use http::request::Parts;
    /// use tower_wechat::scan_login::{ScanLogin, TrustedProxies};
    /// # let wechat = tower_wechat::sandbox::Sandbox::new().wechat();
    ///
    /// let proxies = TrustedProxies::new(["127.0.0.1"])?;
    /// let scans = ScanLogin::new(&wechat).client_key(move |request: &Parts| {
    ///     // With axum's `into_make_service_with_connect_info::<SocketAddr>()`.
    ///     let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    ///     peer.map(|ConnectInfo(peer)| proxies.client_key(peer.ip(), &request.headers))
    ///         .unwrap_or_default()
    /// });
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    #[must_use]
    pub fn client_key<K: AsRef<[u8]>>(
        self,
        key: impl Fn(&Parts) -> K + Send + Sync + 'static,
    ) -> Self {
        let key = move |request: &Parts| Client::of(key(request).as_ref());
        self.with(|settings| settings.client_key = Some(Arc::new(key)))
    }

    /// How many sign-ins a client that [`client_key`](Self::client_key) tells apart may have
    /// pending on this instance; 20 if not called, and at least one. Another one ends that
    /// client's oldest.
    #[must_use]
    pub fn pending_per_client(self, pending: usize) -> Self {
        self.with(|settings| settings.per_client = pending.max(1))
    }

    /// Keeps pending sign-ins in `store`.
    #[must_use]
    pub fn store(self, store: impl ScanStore) -> Self {
        self.with(|settings| settings.store = Kept::new(store))
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
}
