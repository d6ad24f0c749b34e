//! The setters of [`ScanLogin`].

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::clients::{Client, Clients};
use super::erased::SharedStore;
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

/// The longest prefix: a scene has at most 64 characters on the platform.
const PREFIX_MAX: usize = 64 - DIGITS;

impl ScanLogin {
    /// Creates pending sign-ins with the clock and the runtime of `wechat`. By default they last
    /// five minutes each, and have scenes that start with `login-`. They are in the [shared
    /// state](crate::WechatBuilder::shared) of `wechat`, or else in memory, at most 10,000 at a
    /// time.
    pub fn new(wechat: &Wechat) -> Self {
        let store = wechat.shared_state().scans.clone().unwrap_or_else(|| {
            SharedStore::new(MemoryScanStore::new(wechat.clock().clone(), PENDING_MAX))
        });
        Self {
            settings: Arc::new(Settings {
                prefix: "login-".to_owned(),
                life: LIFE,
                patience: PATIENCE,
                cookie: Cookie::new("wechat-scan", true),
                signed_in: Reply::none(),
                too_late: Reply::none(),
                store,
                clients: Clients::new(wechat.clock().clone()),
                client_key: None,
                per_client: PER_CLIENT_MAX,
                waits: Waits::new(WAITING_MAX),
                runtime: wechat.runtime().clone(),
            }),
        }
    }

    /// Sets the prefix of scenes, which distinguishes sign-ins from other scenes of the app.
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

    /// Sets how long a user has to scan, and the page to collect the result. Defaults to 5 minutes.
    /// The QR code should be valid for the same time.
    #[must_use]
    pub fn expires_in(self, life: Duration) -> Self {
        self.with(|settings| settings.life = life)
    }

    /// Sets how long one wait takes at most. Defaults to 25 seconds. Many proxies end a request
    /// that is idle for more than 30 or 60 seconds.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        self.with(|settings| settings.patience = patience)
    }

    /// Sets how many requests may wait at a time. Defaults to 10,000. At most ten may wait for one
    /// sign-in.
    #[must_use]
    pub fn max_waiting(self, waiting: usize) -> Self {
        self.with(|settings| settings.waits = Waits::new(waiting))
    }

    /// Identifies clients by a key that `key` computes from a request, for
    /// [`start_for`](Self::start_for), so that no client can use up all pending sign-ins. Only a
    /// digest of the key is kept.
    ///
    /// The client must not be able to choose its key. It is usually the client's address. Behind a
    /// reverse proxy the peer is the proxy, and [`TrustedProxies`](super::TrustedProxies) finds the
    /// client's address. Clients that share an address, as in an office, share a key. An empty key
    /// means that the client is unknown: only the store limits such sign-ins, as without this
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

    /// Sets how many sign-ins a client identified by [`client_key`](Self::client_key) may have
    /// pending on this instance. Defaults to 20. The minimum is one. One more sign-in ends the
    /// client's oldest.
    #[must_use]
    pub fn pending_per_client(self, pending: usize) -> Self {
        self.with(|settings| settings.per_client = pending.max(1))
    }

    /// Sets the store of pending sign-ins: see [`new`](Self::new) for the default.
    #[must_use]
    pub fn store(self, store: impl ScanStore) -> Self {
        self.with(|settings| settings.store = SharedStore::new(store))
    }

    /// Sets the replies in the chat after a scan: `signed_in` when it signed the page in, and
    /// `too_late` when it came too late or was not the first. Default to no reply.
    #[must_use]
    pub fn answers(self, signed_in: Reply, too_late: Reply) -> Self {
        self.with(|settings| {
            settings.signed_in = signed_in;
            settings.too_late = too_late;
        })
    }

    /// Allows the cookie over plain HTTP, for development.
    #[must_use]
    pub fn plain_http(self) -> Self {
        self.with(|settings| settings.cookie = Cookie::new("wechat-scan", false))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}
