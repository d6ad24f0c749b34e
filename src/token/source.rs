//! Fetches new tokens.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{Issued, TokenKey, TokenKind};
use crate::api::Endpoint;
use crate::api::token::{GetClassicToken, GetStableToken};
use crate::app::Apps;
use crate::client::{Stack, exchange};
use crate::error::Error;
use crate::runtime::BoxFuture;
use crate::secret::Secret;

/// Which token a source is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fetch {
    /// The current token.
    Current,
    /// Another token than the current one, which the platform rejected. Counts against the
    /// platform's budget.
    Forced {
        /// The rejected token.
        refused: Secret,
    },
}

/// Fetches access tokens. Set with
/// [`WechatBuilder::token_source`](crate::WechatBuilder::token_source). By default tokens come from
/// the platform.
///
/// [`TokenRouteSource`](super::TokenRouteSource) calls the `token` route of another service, and
/// [`source_fn`] turns a function into a source. To implement the trait, write an `async fn`. A
/// fetch is abandoned after 30 seconds. A fetch that fails or panics fails the calls that wait for
/// it.
pub trait TokenSource: Send + Sync + 'static {
    /// Fetches the token of `key`.
    fn fetch(
        &self,
        key: &TokenKey,
        fetch: Fetch,
    ) -> impl Future<Output = Result<Issued, Error>> + Send;
}

/// Creates a [`TokenSource`] from a function.
///
/// ```
/// use std::time::Duration;
///
/// use tower_wechat::token::{Fetch, Issued, TokenKey, source_fn};
/// use tower_wechat::{AppConfig, Error, Wechat};
///
/// async fn fetch(key: TokenKey, fetch: Fetch) -> Result<Issued, Error> {
///     // … ask the service that holds the tokens of `key.appid` …
///     Ok(Issued::new("the token", Duration::from_secs(7200)))
/// }
///
/// # let transport = tower::service_fn(|_: http::Request<bytes::Bytes>| async {
/// #     Ok::<_, std::convert::Infallible>(http::Response::new(bytes::Bytes::new()))
/// # });
/// let wechat = Wechat::builder()
///     .app(AppConfig::without_secret("wx3cc8fd6963e31a32"))
///     .token_source(source_fn(fetch))
/// #   .transport(transport)
///     .build()?;
/// # Ok::<(), Error>(())
/// ```
pub fn source_fn<F, Fut>(fetch: F) -> SourceFn<F>
where
    F: Fn(TokenKey, Fetch) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Issued, Error>> + Send,
{
    SourceFn(fetch)
}

/// A [`TokenSource`] created by [`source_fn`].
#[derive(Clone, Copy)]
pub struct SourceFn<F>(F);

impl<F, Fut> TokenSource for SourceFn<F>
where
    F: Fn(TokenKey, Fetch) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Issued, Error>> + Send,
{
    async fn fetch(&self, key: &TokenKey, fetch: Fetch) -> Result<Issued, Error> {
        (self.0)(key.clone(), fetch).await
    }
}

impl<F> fmt::Debug for SourceFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceFn")
    }
}

/// A type-erased source.
#[derive(Clone)]
pub(crate) struct SharedSource(Arc<dyn DynSource>);

impl SharedSource {
    pub(crate) fn new(source: impl TokenSource) -> Self {
        Self(Arc::new(source))
    }

    pub(super) async fn fetch(&self, key: &TokenKey, fetch: Fetch) -> Result<Issued, Error> {
        self.0.fetch(key, fetch).await
    }
}

/// The object-safe form of [`TokenSource`], with boxed futures.
trait DynSource: Send + Sync {
    fn fetch<'a>(&'a self, key: &'a TokenKey, fetch: Fetch)
    -> BoxFuture<'a, Result<Issued, Error>>;
}

impl<T: TokenSource> DynSource for T {
    fn fetch<'a>(
        &'a self,
        key: &'a TokenKey,
        fetch: Fetch,
    ) -> BoxFuture<'a, Result<Issued, Error>> {
        Box::pin(TokenSource::fetch(self, key, fetch))
    }
}

/// Fetches tokens from the platform's endpoints.
pub(crate) struct PlatformSource {
    stack: Stack,
    apps: Apps,
}

impl PlatformSource {
    pub(crate) fn new(stack: Stack, apps: Apps) -> Self {
        Self { stack, apps }
    }
}

impl TokenSource for PlatformSource {
    async fn fetch(&self, key: &TokenKey, fetch: Fetch) -> Result<Issued, Error> {
        let entry = &self.apps.get(key.appid.as_str())?;
        let (appid, stack) = (entry.appid.clone(), &self.stack);
        let (grant, path) = match key.kind {
            TokenKind::JsapiTicket | TokenKind::WxCardTicket => {
                return Err(Error::config("a token source cannot fetch tickets"));
            }
            TokenKind::StableAccessToken => {
                let call = GetStableToken::new(appid, entry.secret()?);
                let call = call.force_refresh(fetch != Fetch::Current);
                let grant = exchange(stack, None, entry, &call).await?;
                (grant, GetStableToken::PATH)
            }
            // Every call of the classic grant issues another token, so there is nothing to force.
            TokenKind::AccessToken => {
                let call = GetClassicToken::new(appid, entry.secret()?);
                (
                    exchange(stack, None, entry, &call).await?,
                    GetClassicToken::PATH,
                )
            }
        };
        let life = Duration::from_secs(grant.expires_in);
        // Checked here, and not only by the cache, so that the error names the endpoint.
        let issued = Issued::new(grant.access_token, life);
        issued.check().map_err(|error| error.at(path))
    }
}
