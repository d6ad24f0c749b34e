//! The sign-in service and its configuration.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower::Service;
use tracing::Instrument;

use super::codes::SharedStore;
use super::rejection::Rejection;
use super::settings::{Settings, address};
use super::{CodeStore, Origin, SignedIn, StateKey, flow};
use crate::api::oauth::{Lang, Scope};
use crate::body::Body;
use crate::browser;
use crate::client::App;
use crate::error::{BoxError, Error};
use crate::panic::{self, Contained, Panicked};
use crate::runtime::BoxFuture;

/// A service that signs browsers in, to nest in a router. See the [module documentation](super).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::oauth::{OAuthService, SignedIn, StateKey, sign_in_fn};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let key = StateKey::new("thirty-two bytes or more, at random")?;
/// let handler = sign_in_fn(|signed_in: SignedIn, _| async move { signed_in.redirect() });
/// let login = OAuthService::new(app, "https://shop.example/login/wechat", key, handler)?
///     .reject_snapshot();
///
/// // axum: `Router::new().nest_service("/login/wechat", login)`
/// let request = Request::get("/start?return_to=/cart").body(Body::empty())?;
/// let response = login.oneshot(request).await?;
/// assert_eq!(response.status(), StatusCode::FOUND);
/// let page = response.headers()[header::LOCATION].to_str()?;
/// assert!(page.starts_with("https://open.weixin.qq.com/connect/oauth2/authorize?"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OAuthService<H> {
    settings: Arc<Settings>,
    handler: H,
}

impl<H> OAuthService<H> {
    /// Creates a service that browsers reach at `base`, such as
    /// `https://shop.example/login/wechat`, and that passes signed-in users to `handler`.
    ///
    /// The host of `base` must be registered as 网页授权域名, unless browsers return
    /// [`through`](Self::through) another host. With `https` the cookie is `Secure`. Use plain
    /// `http` for development only.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when `base` is not an absolute address, or has
    /// a query.
    pub fn new(app: App, base: &str, key: StateKey, handler: H) -> Result<Self, Error> {
        let settings = Arc::new(Settings::new(app, base, key)?);
        Ok(Self { settings, handler })
    }

    /// Sets what the user is asked for. Defaults to the profile.
    #[must_use]
    pub fn scope(self, scope: Scope) -> Self {
        self.with(|settings| settings.wanted.scope = scope)
    }

    /// Sets the language of place names in profiles.
    #[must_use]
    pub fn lang(self, lang: Lang) -> Self {
        self.with(|settings| settings.wanted.lang = lang)
    }

    /// Rejects virtual accounts of the snapshot mode (快照页), with a page that asks the user to
    /// leave it.
    #[must_use]
    pub fn reject_snapshot(self) -> Self {
        self.with(|settings| settings.wanted.snapshot = false)
    }

    /// Sets how long a user has to sign in. Defaults to 10 minutes.
    #[must_use]
    pub fn state_life(self, life: Duration) -> Self {
        self.with(|settings| settings.state_life = life)
    }

    /// Sets how long a result is kept for a browser that returns again. Defaults to 5 minutes.
    #[must_use]
    pub fn result_life(self, life: Duration) -> Self {
        self.with(|settings| settings.result_life = life)
    }

    /// Sets how many results are kept in memory. Defaults to 10,000. Beyond that the least recently
    /// used are dropped.
    #[must_use]
    pub fn max_results(self, results: u64) -> Self {
        self.with(|settings| settings.results_max = results)
    }

    /// Shares results with other instances through `store`. The instances need the same base and the
    /// same [`StateKey`]. By default that is the one of
    /// [`WechatBuilder::shared`](crate::WechatBuilder::shared), or else each instance keeps its own
    /// results, in memory.
    #[must_use]
    pub fn code_store(self, store: impl CodeStore) -> Self {
        self.with(|settings| settings.store = Some(SharedStore::new(store)))
    }

    /// Allows a destination on another site. May be called several times.
    #[must_use]
    pub fn allow_return_to(self, site: Origin) -> Self {
        self.with(|settings| settings.allowed.push(site))
    }

    /// Lets browsers return through the [`Relay`](super::Relay) at this address, which must be on
    /// the registered domain.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn through(self, relay: &str) -> Result<Self, Error> {
        address("relay", relay)?;
        Ok(self.with(|settings| settings.relay = Some(relay.to_owned())))
    }

    /// Sets the page for browsers that are not signed in. `page` gets the reason and the address
    /// that starts again, and should use [`Rejection::status`]. Escape everything it shows. If
    /// `page` panics, the default page is returned, with 500.
    #[must_use]
    pub fn rejection_page(
        self,
        page: impl Fn(&Rejection, &str) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.page = Some(Arc::new(page)))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let settings = Arc::make_mut(&mut self.settings);
        change(settings);
        settings.renew_memo();
        self
    }
}

impl<B, H, A> Service<Request<B>> for OAuthService<H>
where
    H: Service<Request<SignedIn>, Response = Response<A>> + Clone + Send + 'static,
    H::Error: Into<BoxError>,
    H::Future: Send,
    A: HttpBody + Send,
    A::Data: Send,
    A::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    /// Always ready: the returned future waits for what the request needs.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let settings = self.settings.clone();
        let path = request.uri().path();
        // A router may strip the mount path or keep it.
        let route = path.strip_prefix(&*settings.path).unwrap_or(path);
        let is_start = match route.strip_suffix('/').unwrap_or(route) {
            "/start" => true,
            "/done" => false,
            _ => return ready(browser::page(StatusCode::NOT_FOUND, "")),
        };
        if request.method() != Method::GET {
            return ready(browser::not_allowed("GET"));
        }
        // The body isn't needed, and may not be `Send`.
        let request = request.map(|_| ());
        if is_start {
            let answer = panic::contain(|| flow::start(&settings, &request));
            return ready(answer.unwrap_or_else(|Panicked| settings.panicked()));
        }
        let handler = panic::contain(|| self.handler.clone());
        let span = tracing::info_span!("wechat.oauth", appid = %settings.app.appid());
        let work = {
            let settings = settings.clone();
            Contained::new(async move { Ok(flow::done(&settings, handler?, request).await) })
        };
        let done = async move {
            let answer = work.await.flatten();
            Ok(answer.unwrap_or_else(|Panicked| settings.panicked()))
        };
        Box::pin(done.instrument(span))
    }
}

fn ready(response: Response<Body>) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
    Box::pin(std::future::ready(Ok(response)))
}

impl<H> fmt::Debug for OAuthService<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthService")
            .field("app", &self.settings.app)
            .field("base", &self.settings.base)
            .finish_non_exhaustive()
    }
}
