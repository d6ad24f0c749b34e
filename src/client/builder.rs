//! The configuration of a [`Wechat`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use super::failover::Failover;
use super::retry::Retry;
use super::transport::{self, Leaf, Transport};
use super::{Hosts, Shared, Stack, Wechat, warm};
use crate::app::{AppConfig, Apps};
use crate::clock::{Clock, SharedClock};
use crate::error::{BoxError, Error};
use crate::runtime::{Runtime, SharedRuntime};
use crate::shared::SharedState;
use crate::token::{
    Margins, MemoryTokenStore, PlatformSource, SharedSource, SharedStore, TicketSource,
    TokenSource, TokenStore, Tokens,
};

/// Configures a [`Wechat`]. Created by [`Wechat::builder`].
#[must_use = "the configuration takes effect with `build`"]
pub struct WechatBuilder {
    apps: Vec<AppConfig>,
    may_be_empty: bool,
    hosts: Hosts,
    timeout: Duration,
    clock: SharedClock,
    runtime: Option<SharedRuntime>,
    transport: Option<Leaf>,
    store: Option<SharedStore>,
    shared: SharedState,
    source: Option<SharedSource>,
    warm: bool,
    margins: Margins,
}

impl WechatBuilder {
    pub(super) fn new() -> Self {
        #[cfg(feature = "tokio")]
        let runtime = Some(SharedRuntime::new(crate::runtime::TokioRuntime));
        #[cfg(not(feature = "tokio"))]
        let runtime = None;
        Self {
            apps: Vec::new(),
            may_be_empty: false,
            hosts: Hosts::default(),
            timeout: transport::TIMEOUT,
            clock: SharedClock::default(),
            runtime,
            transport: None,
            store: None,
            shared: SharedState::default(),
            source: None,
            warm: false,
            margins: Margins::default(),
        }
    }

    /// Adds an app.
    pub fn app(mut self, app: AppConfig) -> Self {
        self.apps.push(app);
        self
    }

    /// Allows to build without an app, for an application that adds its apps later, with
    /// [`Wechat::insert_app`].
    ///
    /// ```
    /// # let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// use tower_wechat::{AppConfig, Wechat};
    ///
    /// let wechat = Wechat::builder().without_apps().build()?;
    /// // … for each app in the database …
    /// wechat.insert_app(AppConfig::new("wx3cc8fd6963e31a32", "the app secret"))?;
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    pub fn without_apps(mut self) -> Self {
        self.may_be_empty = true;
        self
    }

    /// Replaces the platform's hosts, for example with those of an egress proxy.
    pub fn hosts(mut self, hosts: Hosts) -> Self {
        self.hosts = hosts;
        self
    }

    /// Sets the time limit of one exchange with the platform. Defaults to 10 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends the calls through `service` instead of the default transport.
    ///
    /// The service receives absolute URIs and must not follow redirects. Its errors must not print
    /// the URI, which contains the credential. An error that is an [`Error`] is returned unchanged.
    pub fn transport<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        self.transport = Some(BoxCloneSyncService::new(service.map_err(Into::into)));
        self
    }

    /// Shares tokens, running pushes and all other state with other instances: see
    /// [`shared`](crate::shared).
    pub fn shared(mut self, state: impl Into<SharedState>) -> Self {
        self.shared = state.into();
        self
    }

    /// Shares tokens with other instances through `store`, which takes precedence over the one of
    /// [`shared`](Self::shared).
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(SharedStore::new(store));
        self
    }

    /// Fetches access tokens from `source` instead of the platform. Tickets are still fetched from
    /// the platform, with these tokens.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.source = Some(SharedSource::new(source));
        self
    }

    /// Sets the life of the platform's tokens, for a test platform whose tokens live shorter than two
    /// hours: the times before its end at which a token is refreshed shrink in proportion.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.margins = Margins::for_life(life);
        self
    }

    /// Fetches the token of every app at startup, or when it is [added](Wechat::insert_app), and
    /// refreshes each before it expires even when it is not in use, so that no caller waits after
    /// an idle night.
    ///
    /// The background task ends when the last handle to the built [`Wechat`] is dropped. It makes
    /// about one call per app every two hours. While a token cannot be fetched, it pauses for up to
    /// 15 minutes between attempts. Off by default.
    pub fn keep_tokens_warm(mut self) -> Self {
        self.warm = true;
        self
    }

    /// Sets the clock. Defaults to the system clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock::new(clock);
        self
    }

    /// Sets the runtime. Defaults to tokio with the feature `tokio`; required without it.
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = Some(SharedRuntime::new(runtime));
        self
    }

    /// Checks the configuration and builds the [`Wechat`]. Sends nothing: tokens are fetched on
    /// first use, unless they are [kept warm](Self::keep_tokens_warm).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) or
    /// [`ErrorKind::Input`](crate::ErrorKind::Input), naming the missing or wrong setting.
    pub fn build(self) -> Result<Wechat, Error> {
        if self.apps.is_empty() && !self.may_be_empty {
            return Err(Error::config(
                "no app is configured: add one with `app`, or call `without_apps` and add them later",
            ));
        }
        let apps = Apps::new(self.apps, self.source.is_none())?;
        let runtime = self.runtime.ok_or_else(|| {
            Error::config("no runtime: turn on the feature `tokio`, or pass one to `runtime`")
        })?;
        let leaf = match self.transport {
            Some(leaf) => leaf,
            None => default_transport()?,
        };
        // Needed even if nothing is shared: the store counts the forced refreshes.
        let store = self.store.or_else(|| self.shared.tokens.clone());
        let store = store.unwrap_or_else(|| {
            SharedStore::new(MemoryTokenStore::with_shared_clock(self.clock.clone()))
        });

        let retry = Retry::new(runtime.clone());
        let failover = Failover::new(self.clock.clone());
        let transport = Transport::new(leaf, runtime.clone(), self.timeout);
        let stack = Stack::new(retry, self.hosts.clone(), failover, transport);
        let source = self
            .source
            .unwrap_or_else(|| SharedSource::new(PlatformSource::new(stack.clone(), apps.clone())));
        let tickets = TicketSource::new(stack.clone(), apps.clone());
        let (clock, runs) = (self.clock.clone(), runtime.clone());
        let tokens = Tokens::new(
            apps.clone(),
            source,
            tickets,
            store,
            clock,
            runs,
            self.margins,
        );
        let shared = Arc::new(Shared {
            apps,
            stack,
            tokens,
            hosts: self.hosts,
            clock: self.clock,
            runtime,
            state: self.shared,
        });
        if self.warm {
            warm::keep(&shared);
        }
        Ok(Wechat(shared))
    }
}

#[cfg(feature = "reqwest")]
fn default_transport() -> Result<Leaf, Error> {
    let transport = super::ReqwestTransport::new()?;
    Ok(BoxCloneSyncService::new(transport.map_err(Into::into)))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<Leaf, Error> {
    Err(Error::config(
        "no transport: turn on the feature `reqwest`, or pass one to `transport`",
    ))
}

impl fmt::Debug for WechatBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WechatBuilder")
            .field("apps", &self.apps)
            .field("hosts", &self.hosts)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
