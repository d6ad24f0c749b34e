//! The outbound side: from a typed call to bytes on the wire and back.
//!
//! ```text
//! app.call(request)
//!   → trace       one span for the call, without its address
//!   → retry       what may be repeated, a few times, with growing pauses
//!   → auth        the credential; a dead access token is replaced and the call made once more
//!   → base uri    the host: the only one that ever sees a token; another one of the platform's
//!                 when it cannot be reached
//!   → transport   one deadline, one size cap, refusals recognised
//! ```
//!
//! The lowest end is a tower service over collected [`Bytes`](bytes::Bytes):
//! [`WechatBuilder::transport`] takes any, with whatever layers the host wants around it. Bodies are
//! collected because the platform refuses a token with HTTP 200 and a code in the body, so the body
//! must be read before the exchange can be judged.

mod answer_max;
mod auth;
mod builder;
mod call;

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
pub(crate) use self::call::exchange;
pub use self::hosts::Hosts;

#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub(crate) use self::stack::Stack;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::api::Endpoint;
use crate::api::oauth::AuthorizeUrl;
use crate::app::{AppEntry, AppId};
use crate::clock::SharedClock;
use crate::error::Error;
use crate::routes::{NoHandler, Routes};
use crate::runtime::SharedRuntime;
use crate::token::{Token, Tokens};

/// All configured apps, one shared token cache and one outbound stack, behind a handle that is
/// cheap to clone.
///
/// Make one per process and clone it. A second one for the same app would keep its own tokens.
///
/// ```no_run
/// use tower_wechat::{AppConfig, Wechat};
///
/// let wechat = Wechat::builder()
///     .app(AppConfig::new("wx3cc8fd6963e31a32", "the app secret"))
///     .build()?;
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct Wechat(Arc<Shared>);

struct Shared {
    apps: BTreeMap<AppId, Arc<AppEntry>>,
    stack: Stack,
    tokens: Tokens,
    hosts: Hosts,
    clock: SharedClock,
    runtime: SharedRuntime,
}

impl Wechat {
    /// Starts the configuration.
    pub fn builder() -> WechatBuilder {
        WechatBuilder::new()
    }

    /// The app of this id.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownApp`](crate::ErrorKind::UnknownApp) when it is not configured.
    pub fn app(&self, appid: impl AsRef<str>) -> Result<App, Error> {
        let appid = appid.as_ref();
        let entry = self
            .0
            .apps
            .get(appid)
            .ok_or_else(|| Error::unknown_app(appid))?;
        Ok(App {
            wechat: self.clone(),
            entry: entry.clone(),
        })
    }

    /// The ids of all configured apps, in order.
    pub fn appids(&self) -> impl Iterator<Item = &AppId> {
        self.0.apps.keys()
    }

    /// The access tokens of all apps.
    pub fn tokens(&self) -> Tokens {
        self.0.tokens.clone()
    }

    /// The documented routes as one service, for a router to nest. Say who may call them:
    /// [`Routes::access_keys`] or [`Routes::unprotected`].
    pub fn routes(&self) -> Routes<NoHandler> {
        Routes::new(self.clone())
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Arc<AppEntry>> {
        self.0.apps.values()
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    pub(crate) fn runtime(&self) -> &SharedRuntime {
        &self.0.runtime
    }
}

impl fmt::Debug for Wechat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wechat")
            .field("apps", &self.0.apps.keys())
            .finish_non_exhaustive()
    }
}

/// One app of a [`Wechat`]; as cheap to clone.
#[derive(Clone)]
pub struct App {
    wechat: Wechat,
    entry: Arc<AppEntry>,
}

impl App {
    /// The app's id.
    pub fn appid(&self) -> &AppId {
        &self.entry.appid
    }

    /// Makes a call of the platform as this app.
    ///
    /// # Errors
    /// Whatever the platform, the network or the endpoint's own check finds wrong.
    pub async fn call<E: Endpoint>(&self, call: E) -> Result<E::Response, Error> {
        let Shared { stack, tokens, .. } = &*self.wechat.0;
        exchange(stack, Some(tokens), &self.entry, &call).await
    }

    /// The app's access token, from the cache whenever it can be.
    ///
    /// # Errors
    /// Those of fetching one.
    pub async fn token(&self) -> Result<Token, Error> {
        self.wechat.0.tokens.get(self.appid()).await
    }

    pub(crate) fn wechat(&self) -> &Wechat {
        &self.wechat
    }

    /// The page on which a user consents; the browser comes back to `redirect_uri` with a code.
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
