//! Where a new token comes from.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{Issued, TokenKey, TokenKind};
use crate::api::Endpoint;
use crate::api::token::{GetClassicToken, GetStableToken};
use crate::app::{AppEntry, AppId};
use crate::client::{Stack, exchange};
use crate::error::Error;
use crate::runtime::BoxFuture;

/// How a source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fetch {
    /// For the current token.
    Current,
    /// For another one than the current, which is dead. It counts against the platform's budget.
    Forced,
}

/// Fetches tokens: from the platform. A service of the host's own that keeps them cannot stand in its
/// place yet.
///
/// Implement it with an `async fn`.
pub trait TokenSource: Send + Sync + 'static {
    /// Fetches the token of `key`.
    fn fetch(
        &self,
        key: &TokenKey,
        fetch: Fetch,
    ) -> impl Future<Output = Result<Issued, Error>> + Send;
}

/// A source as the crate keeps it.
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

/// The same trait with boxed futures, so that it can be kept without its type.
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

/// The platform's own endpoints.
pub(crate) struct PlatformSource {
    stack: Stack,
    apps: BTreeMap<AppId, Arc<AppEntry>>,
}

impl PlatformSource {
    pub(crate) fn new(stack: Stack, apps: BTreeMap<AppId, Arc<AppEntry>>) -> Self {
        Self { stack, apps }
    }
}

impl TokenSource for PlatformSource {
    async fn fetch(&self, key: &TokenKey, fetch: Fetch) -> Result<Issued, Error> {
        let entry = self.apps.get(&key.appid);
        let entry = entry.ok_or_else(|| Error::unknown_app(key.appid.as_str()))?;
        let (appid, stack) = (entry.appid.clone(), &self.stack);
        let (grant, path) = match key.kind {
            TokenKind::JsapiTicket | TokenKind::WxCardTicket => {
                return Err(Error::config("a ticket is not fetched by a token source"));
            }
            TokenKind::StableAccessToken => {
                let call = GetStableToken::new(appid, &entry.secret);
                let call = call.force_refresh(fetch == Fetch::Forced);
                let grant = exchange(stack, None, entry, &call).await?;
                (grant, GetStableToken::PATH)
            }
            // Every call of the classic grant makes another token: there is nothing to force.
            TokenKind::AccessToken => {
                let call = GetClassicToken::new(appid, &entry.secret);
                (
                    exchange(stack, None, entry, &call).await?,
                    GetClassicToken::PATH,
                )
            }
        };
        let life = Duration::from_secs(grant.expires_in);
        let issued = Issued::new(grant.access_token, life);
        issued.check().map_err(|error| error.at(path))
    }
}
