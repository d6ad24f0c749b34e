//! The outbound side: sends typed calls to the platform and decodes its answers.
//!
//! ```text
//! app.call(request)
//!   → trace       one span per call, without the URL
//!   → retry       repeats calls that may be repeated, a few times, with growing pauses
//!   → auth        adds the credential; replaces a rejected access token and resends once
//!   → base uri    picks the host, the only place a token is sent to; fails over to another of
//!                 the platform's hosts when it cannot be reached
//!   → transport   enforces one deadline and one size cap, and detects refusals
//! ```
//!
//! The innermost part is a tower service over collected [`Bytes`](bytes::Bytes).
//! [`WechatBuilder::transport`] takes any such service, with whatever layers the application adds.
//! Bodies are collected because the platform reports a rejected token as HTTP 200 with an error
//! code in the body, so the whole body is needed to judge the exchange.

mod answer_max;
mod apps;
mod auth;
mod builder;
mod call;

mod exchange;
mod failover;
mod hosts;
mod retry;
mod stack;
mod trace;
mod transport;
mod warm;

#[cfg(feature = "reqwest")]
mod reqwest;

pub use self::answer_max::AnswerMax;
pub use self::builder::WechatBuilder;
pub use self::call::CallContext;
pub(crate) use self::exchange::exchange;
pub use self::hosts::Hosts;

#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub(crate) use self::stack::Stack;

use std::fmt;
use std::sync::Arc;

use crate::api::Endpoint;
use crate::api::oauth::AuthorizeUrl;
use crate::app::{AppId, Apps};
use crate::clock::SharedClock;
use crate::error::Error;
use crate::routes::{NoHandler, Routes};
use crate::runtime::SharedRuntime;
use crate::shared::SharedState;
use crate::token::{Token, Tokens};

/// A cheaply cloneable handle to all apps.
///
/// All clones share one token cache and one outbound stack. Create one per process and clone it: a
/// second one for the same app would fetch and keep separate tokens.
///
/// ```no_run
/// use tower_wechat::{AppConfig, Wechat};
///
/// let wechat = Wechat::builder()
///     .app(AppConfig::new("wx3cc8fd6963e31a32", "the app secret"))
///     .build()?;
/// # Ok::<(), tower_wechat::Error>(())
/// ```
///
/// [`insert_app`](Self::insert_app) and [`remove_app`](Self::remove_app) change the apps while they
/// are in use.
#[derive(Clone)]
pub struct Wechat(Arc<Shared>);

struct Shared {
    apps: Apps,
    stack: Stack,
    tokens: Tokens,
    hosts: Hosts,
    clock: SharedClock,
    runtime: SharedRuntime,
    state: SharedState,
}

impl Wechat {
    /// Starts the configuration.
    pub fn builder() -> WechatBuilder {
        WechatBuilder::new()
    }

    /// Returns the app with this id.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownApp`](crate::ErrorKind::UnknownApp) when there is no such app.
    pub fn app(&self, appid: impl AsRef<str>) -> Result<App, Error> {
        let entry = self.0.apps.get(appid.as_ref())?;
        Ok(App {
            wechat: self.clone(),
            appid: entry.appid.clone(),
        })
    }

    /// Returns the ids of all apps, in order.
    pub fn appids(&self) -> impl Iterator<Item = AppId> + use<> {
        self.0.apps.ids().into_iter()
    }

    /// Returns the access tokens of all apps.
    pub fn tokens(&self) -> Tokens {
        self.0.tokens.clone()
    }

    /// Returns the documented routes as one service, to nest in a router. Set who may call them
    /// with [`Routes::access_keys`] or [`Routes::unprotected`].
    pub fn routes(&self) -> Routes<NoHandler> {
        Routes::new(self.clone())
    }

    pub(crate) fn apps(&self) -> &Apps {
        &self.0.apps
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    pub(crate) fn runtime(&self) -> &SharedRuntime {
        &self.0.runtime
    }

    /// Returns the stores that the instances share.
    pub(crate) fn shared_state(&self) -> &SharedState {
        &self.0.state
    }
}

impl fmt::Debug for Wechat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wechat")
            .field("apps", &self.0.apps)
            .finish_non_exhaustive()
    }
}

/// One app of a [`Wechat`]. Cheap to clone.
///
/// The handle holds the app's id only: it follows a
/// [replacement](Wechat::insert_app) of the app, and its calls fail after a
/// [removal](Wechat::remove_app).
#[derive(Clone)]
pub struct App {
    wechat: Wechat,
    appid: AppId,
}

impl App {
    /// Returns the app's id.
    pub fn appid(&self) -> &AppId {
        &self.appid
    }

    /// Calls the platform as this app.
    ///
    /// # Errors
    /// Errors of the platform, of the network, or of the endpoint's input and answer checks.
    pub async fn call<E: Endpoint>(&self, call: E) -> Result<E::Response, Error> {
        let Shared {
            apps,
            stack,
            tokens,
            ..
        } = &*self.wechat.0;
        let entry = apps.get(self.appid.as_str())?;
        exchange(stack, Some(tokens), &entry, &call).await
    }

    /// Returns the app's access token, from the cache if possible.
    ///
    /// # Errors
    /// The errors of fetching a token.
    pub async fn token(&self) -> Result<Token, Error> {
        self.wechat.0.tokens.get(self.appid()).await
    }

    pub(crate) fn wechat(&self) -> &Wechat {
        &self.wechat
    }

    /// Builds the address of the page on which a user consents. The browser then returns to
    /// `redirect_uri` with a code.
    pub fn authorize_url(&self, redirect_uri: impl Into<String>) -> AuthorizeUrl {
        AuthorizeUrl::new(
            &self.wechat.0.hosts,
            self.appid().clone(),
            redirect_uri.into(),
        )
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("App").field(self.appid()).finish()
    }
}
