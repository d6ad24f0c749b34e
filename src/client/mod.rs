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
//! Both ends are tower services over collected [`Bytes`]: the platform refuses a token with HTTP
//! 200 and a code in the body, so the body must be read before the exchange can be judged. Every
//! layer is public; [`WechatBuilder::transport`] takes any service as the lowest one.

mod answer_max;
mod auth;
mod base_uri;
mod builder;

mod failover;
mod retry;
mod stack;
mod trace;
mod transport;
mod warm;

#[cfg(feature = "reqwest")]
mod reqwest;

pub use self::answer_max::AnswerMax;
pub use self::auth::{AuthLayer, Authenticated};
pub use self::base_uri::{BaseUri, BaseUriLayer, Hosts};
pub use self::builder::WechatBuilder;

#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub use self::retry::RetryPolicy;
pub(crate) use self::stack::{Outbound, Wire};
pub use self::trace::{Trace, TraceLayer};
pub use self::transport::{Transport, TransportLayer};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use tower::ServiceExt;

use crate::api::oauth::AuthorizeUrl;
use crate::api::{self, Answer, Auth, Endpoint, Host};
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
    outbound: Outbound,
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
        exchange(self.wechat.0.outbound.clone(), &self.entry, &call).await
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

/// What the layers need to know of a call, in its request's extensions. A request without it is
/// refused by the layers, so that no credential is added to a foreign request by accident.
#[derive(Debug, Clone)]
pub struct CallContext {
    entry: Arc<AppEntry>,
    endpoint: &'static str,
    auth: Auth,
    host: Host,
    repeatable: bool,
}

impl CallContext {
    /// The app that calls.
    pub fn appid(&self) -> &AppId {
        &self.entry.appid
    }

    /// The endpoint's path: a label of few values.
    pub fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// The credential to add.
    pub fn auth(&self) -> Auth {
        self.auth
    }

    /// The host to call.
    pub fn host(&self) -> Host {
        self.host
    }

    /// Whether the call may be repeated when it is not known whether the platform acted on it.
    pub fn repeatable(&self) -> bool {
        self.repeatable
    }

    fn of(request: &Request<Bytes>) -> Result<&Self, Error> {
        request
            .extensions()
            .get()
            .ok_or_else(|| Error::config("the request was not made by App::call"))
    }
}

/// Sends one typed call through a stack.
pub(crate) async fn exchange<E: Endpoint>(
    outbound: Outbound,
    entry: &Arc<AppEntry>,
    call: &E,
) -> Result<E::Response, Error> {
    let exchange = async {
        let mut request = api::encode(call)?;
        request.extensions_mut().insert(CallContext {
            entry: entry.clone(),
            endpoint: E::PATH,
            auth: E::AUTH,
            host: E::HOST,
            repeatable: call.repeatable(),
        });
        let response = outbound.oneshot(request).await?;
        let answer = E::Response::decode(response.body())?;
        E::check_answer(&answer, &entry.appid).map(|()| answer)
    };
    exchange.await.map_err(|error| error.at(E::PATH))
}
