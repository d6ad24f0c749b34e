//! The store and its settings.

use std::borrow::Borrow;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use redis::FromRedisValue;

use super::link::Link;
use super::names;
use super::script::Invocation;
use super::settings::{Servers, Settings, server, servers};
use super::subscription::Subscription;
use crate::error::Error;
use crate::seal::{Seal, SealKey};
use crate::secret::Secret;
use crate::store::StoreError;

/// Shared state on Redis 6.2 and later, or Valkey. Clones share one connection.
///
/// Building a store connects to nothing and never fails because a server is missing: the first use
/// connects. See the [module documentation](super) for what is stored, and for what happens while
/// Redis is unavailable. The client needs a tokio runtime.
///
/// ```
/// use tower_wechat::shared::redis::RedisStore;
/// use tower_wechat::{AppConfig, Wechat};
///
/// let redis = RedisStore::new("redis://127.0.0.1:6379")?.prefix("shop");
/// let app = AppConfig::new("wx3cc8fd6963e31a32", "the app secret");
/// let wechat = Wechat::builder().app(app).shared(redis).build()?;
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct RedisStore(
    pub(super) Arc<Link>,
    pub(super) Arc<Subscription>,
    #[cfg(feature = "inbox")] pub(super) Arc<super::inbox::Apps>,
);

impl RedisStore {
    /// Creates a store on one server, at an address such as `redis://127.0.0.1:6379/0`. With
    /// `rediss://` the connection uses TLS, with rustls and the process's default crypto provider. If
    /// there is none when the store first connects, it installs that of `aws-lc-rs`: an application
    /// that wants another one installs it before.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) if the address is malformed.
    pub fn new(url: &str) -> Result<Self, Error> {
        let server = Box::new(server(url)?);
        Ok(Self::of(Settings::new(Servers::Single(server))))
    }

    /// Creates a store on the server that the sentinels name as the current `master`.
    ///
    /// A user and a password in the addresses are those of the sentinels. The database in the first
    /// address, and TLS, apply to the server too.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) if an address is malformed, or if there is
    /// none.
    pub fn sentinel<U: AsRef<str>>(
        master: &str,
        urls: impl IntoIterator<Item = U>,
    ) -> Result<Self, Error> {
        let sentinels = servers(urls)?;
        let master = master.to_owned();
        Ok(Self::of(Settings::new(Servers::Sentinel {
            master,
            sentinels,
        })))
    }

    /// Creates a store on a cluster that is found through any of these nodes.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) if an address is malformed, or if there is
    /// none.
    pub fn cluster<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Result<Self, Error> {
        Ok(Self::of(Settings::new(Servers::Cluster(servers(urls)?))))
    }

    /// Sets the prefix of all key names. Defaults to `wechat`. Instances share state if they have
    /// the same prefix. Braces and characters that are not visible are percent-encoded.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        self.with(|settings| settings.prefix = names::prefix(prefix))
    }

    /// Sets the user of the server, instead of the one in the address.
    #[must_use]
    pub fn username(self, username: &str) -> Self {
        self.with(|settings| settings.username = Some(username.to_owned()))
    }

    /// Sets the password of the server, instead of the one in the address.
    #[must_use]
    pub fn password(self, password: impl Into<Secret>) -> Self {
        self.with(|settings| settings.password = Some(password.into()))
    }

    /// Trusts the authority of this certificate, in PEM, instead of those of the system.
    #[must_use]
    pub fn root_certificate(self, pem: impl Into<Vec<u8>>) -> Self {
        self.with(|settings| settings.root_certificate = Some(pem.into()))
    }

    /// Encrypts every stored value with this key, and hides openids and codes in key names. See
    /// [sealing](super#sealing).
    #[must_use]
    pub fn seal(self, key: SealKey) -> Self {
        self.with(|settings| settings.seal.current = Some(key))
    }

    /// Also reads what was sealed with the key before, during a rotation.
    #[must_use]
    pub fn previous_seal(self, key: SealKey) -> Self {
        self.with(|settings| settings.seal.previous = Some(key))
    }

    /// Sets the time limit for connecting, which includes the search for the master and the login.
    /// Defaults to 1 second. A cluster has three times as long, since some of its nodes may be gone.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.connect_timeout = timeout)
    }

    /// Sets the time limit for a command, which includes the wait for a connection. Defaults to 300
    /// milliseconds. The callers of a store have limits of their own: 1 second for tokens, half a
    /// second for pushes.
    #[must_use]
    pub fn command_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.command_timeout = timeout)
    }

    /// Runs a script on keys in one slot. `name` is one of them.
    pub(super) async fn run<T: FromRedisValue + Send>(
        &self,
        name: &str,
        script: impl Borrow<Invocation<'_>> + Send,
    ) -> Result<T, StoreError> {
        let run = |connection| async move { script.borrow().invoke(connection).await };
        self.0.run(name, run).await
    }

    /// Returns the name of a key. `tag` selects the slot of a cluster.
    pub(super) fn name(&self, tag: &str, rest: impl Display) -> String {
        names::name(&self.settings().prefix, tag, rest)
    }

    pub(super) fn sealing(&self) -> &Seal {
        &self.settings().seal
    }

    pub(super) fn settings(&self) -> &Settings {
        self.0.settings()
    }

    fn of(settings: Settings) -> Self {
        Self(
            Link::new(settings),
            Subscription::new(),
            #[cfg(feature = "inbox")]
            Arc::default(),
        )
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.settings().clone();
        change(&mut settings);
        Self::of(settings)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings();
        f.debug_struct("RedisStore")
            .field("prefix", &settings.prefix)
            .field("seal", &settings.seal.current)
            .field("connect_timeout", &settings.connect_timeout)
            .field("command_timeout", &settings.command_timeout)
            .finish_non_exhaustive()
    }
}
