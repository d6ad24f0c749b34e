//! The token cache and its state machine. See the [module documentation](super) for the rules.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;

use super::entry::Entry;
use super::front::Generation;
use super::{AppTokens, Margins, SharedSource, SharedStore, Status, TicketSource, Token};
use crate::app::{AppEntry, Apps};
use crate::clock::SharedClock;
use crate::error::Error;
use crate::runtime::SharedRuntime;
use crate::secret::Secret;
use crate::single_flight::SingleFlight;
use crate::waiters::Waiters;

/// The maximum number of callers that wait for a token at once.
const WAITERS_MAX: usize = 100_000;

/// How long a rejected token that the platform returned again stays in use without another retry.
const REINSTATED: Duration = Duration::from_secs(30);

/// The access tokens of all apps. A cheaply cloneable handle.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// let tokens = wechat.tokens();
/// let token = tokens.get("wx3cc8fd6963e31a32").await?;
/// assert_eq!(tokens.get("wx3cc8fd6963e31a32").await?.secret(), token.secret());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tokens(pub(super) Arc<Inner>);

pub(super) struct Inner {
    // The sync cache: in the async one, a task that is no longer polled could leave a change
    // half-done.
    pub(super) cache: Cache<u64, Token>,
    apps: Apps,
    pub(super) source: SharedSource,
    pub(super) tickets: TicketSource,
    pub(super) store: SharedStore,
    pub(super) clock: SharedClock,
    pub(super) runtime: SharedRuntime,
    pub(super) fetches: SingleFlight<u64, Fetched>,
    pub(super) waiters: Waiters,
    pub(super) margins: Margins,
}

pub(super) type Fetched = Result<Token, Error>;

impl Tokens {
    pub(crate) fn new(
        apps: Apps,
        source: SharedSource,
        tickets: TicketSource,
        store: SharedStore,
        clock: SharedClock,
        runtime: SharedRuntime,
        margins: Margins,
    ) -> Self {
        // A few entries per app, never evicted: the registered apps bound the cache.
        let cache = Cache::builder().initial_capacity(apps.load().len()).build();
        Self(Arc::new(Inner {
            cache,
            apps,
            source,
            tickets,
            store,
            clock,
            runtime,
            fetches: SingleFlight::default(),
            waiters: Waiters::new(WAITERS_MAX),
            margins,
        }))
    }

    /// Returns the handle that [`TokenLayer`](super::TokenLayer) inserted into a request.
    pub fn from_request<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// Returns an app's access token, from the cache or from the fetch in progress.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownApp`](crate::ErrorKind::UnknownApp), or the error of the fetch, which
    /// all waiters share.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the fetch.
    pub async fn get(&self, appid: impl AsRef<str>) -> Result<Token, Error> {
        self.of(appid.as_ref(), access).await
    }

    /// Returns the ticket that signs the pages of an official account, for
    /// [`wx.config`](crate::jssdk). It is cached, shared and refreshed like an access token. To
    /// sign a page, use [`App::page_config`](crate::App::page_config).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the fetch.
    pub async fn ticket(&self, appid: impl AsRef<str>) -> Result<Token, Error> {
        self.of(appid.as_ref(), |app| &app.tokens.jsapi).await
    }

    /// Returns the ticket that signs cards (卡券). It is cached, shared and refreshed like an
    /// access token.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the fetch.
    pub async fn card_ticket(&self, appid: impl AsRef<str>) -> Result<Token, Error> {
        self.of(appid.as_ref(), |app| &app.tokens.card).await
    }

    /// Returns one of the tokens of an app, which is looked up.
    async fn of(
        &self,
        appid: &str,
        slot: impl Fn(&AppEntry) -> &Arc<Entry>,
    ) -> Result<Token, Error> {
        let (entry, generation) = {
            let apps = self.0.apps.load();
            let app = apps.get(appid).ok_or_else(|| Error::unknown_app(appid))?;
            let entry = slot(app);
            match self.cached(entry) {
                Ok(token) => return Ok(token),
                Err(generation) => (Arc::clone(entry), generation),
            }
        };
        // Boxed, because the future of every caller would otherwise have this size.
        Box::pin(self.look_up(entry, generation)).await
    }

    /// Returns an app's access token, as [`get`](Self::get).
    pub(crate) async fn get_for(&self, app: &AppEntry) -> Result<Token, Error> {
        let entry = access(app);
        match self.cached(entry) {
            Ok(token) => Ok(token),
            Err(generation) => Box::pin(self.look_up(Arc::clone(entry), generation)).await,
        }
    }

    /// Returns the copy of the cached token. Without one, returns the generation in which the
    /// cache may have a token, or `None` if that is known to have expired.
    fn cached(&self, entry: &Arc<Entry>) -> Result<Token, Option<Generation>> {
        let token = entry.front.get().map_err(Some)?;
        match self.usable(entry, &token) {
            true => Ok(token),
            false => Err(None),
        }
    }

    /// Looks into the cache, unless its token is known to have expired, and fetches a token if
    /// needed.
    async fn look_up(
        &self,
        entry: Arc<Entry>,
        generation: Option<Generation>,
    ) -> Result<Token, Error> {
        if entry.has_ended() {
            return Err(Error::unknown_app(entry.key.appid.as_str()));
        }
        if let Some(generation) = generation
            && let Some(token) = self.0.cache.get(&entry.id)
        {
            entry.front.fill(&token, generation);
            if self.usable(&entry, &token) {
                return Ok(token);
            }
        }
        self.fetch(&entry).await
    }

    /// Returns whether the token may be used. Starts a refresh if it is stale.
    fn usable(&self, entry: &Arc<Entry>, token: &Token) -> bool {
        let status = token.status(&self.0.clock);
        if status == Status::Stale {
            self.refresh(entry);
        }
        status != Status::Expired
    }

    /// Replaces a token that the platform rejected, unless it has already been replaced, and
    /// returns the current token.
    ///
    /// The returned token equals `used` only when the platform insists on it. Using it again at
    /// once would fail again.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn renew(&self, appid: impl AsRef<str>, used: &Secret) -> Result<Token, Error> {
        let app = self.0.apps.get(appid.as_ref())?;
        self.renew_for(&app, used).await
    }

    /// Replaces an app's access token, as [`renew`](Self::renew).
    pub(crate) async fn renew_for(&self, app: &AppEntry, used: &Secret) -> Result<Token, Error> {
        let entry = access(app);
        let now = self.0.clock.moment();
        // Among many callers with the same rejected token, only one retires it.
        // Read without changing the cache, because a change clears the copy in front of it.
        let replaced = entry.front.get().is_ok_and(|token| token.secret() != used);
        let under_way = self.0.fetches.is_under_way(&entry.id);
        let retired = replaced || {
            let memory = entry.memory();
            let lasts = |since| now.since(since) < REINSTATED;
            let reinstated = || memory.reinstated.is_some_and(lasts);
            memory.retired.as_ref() == Some(used) && (under_way || reinstated())
        };
        // Recorded before the cache is emptied: a fetch that starts after that must not load the
        // same token from the store.
        let retire = |token: &Token| {
            let retires = token.secret() == used;
            if retires {
                entry.memory().retired = Some(used.clone());
            }
            retires
        };
        if !retired && self.remove_if(entry, retire) {
            tracing::warn!(appid = %entry.key.appid, token = ?used, "the platform rejected the token");
            let Inner { store, runtime, .. } = &*self.0;
            store.of(runtime, &entry.key).evict(used).await;
        }
        self.get_for(app).await
    }

    /// Returns the state of an app's cached token, or `None` if there is none. Fetches nothing. For
    /// health checks.
    pub async fn status(&self, appid: impl AsRef<str>) -> Option<Status> {
        let app = self.0.apps.get(appid.as_ref()).ok()?;
        let token = self.0.cache.get(&access(&app).id)?;
        Some(token.status(&self.0.clock))
    }

    /// Stores a token in the cache, unless its app was removed.
    pub(super) fn put(&self, entry: &Entry, token: &Token) {
        let _change = entry.front.change();
        let cached = self.0.cache.entry(entry.id);
        // Decided under the cache's lock, so that nothing comes after `end` has emptied it.
        cached.and_compute_with(|_| match entry.has_ended() {
            true => Op::Nop,
            false => Op::Put(token.clone()),
        });
    }

    /// Removes the tokens of an app that was removed. Fetches that run end without being cached.
    pub(crate) fn end(&self, tokens: &AppTokens) {
        for entry in tokens.all() {
            entry.end();
            self.remove_if(entry, |_| true);
        }
    }

    /// Removes an app's token from the cache if `meant` returns `true` for it.
    pub(super) fn remove_if(&self, entry: &Entry, meant: impl Fn(&Token) -> bool) -> bool {
        let _change = entry.front.change();
        let cached = self.0.cache.entry(entry.id);
        let result = cached.and_compute_with(|current| {
            let remove = current.is_some_and(|entry| meant(entry.value()));
            if remove { Op::Remove } else { Op::Nop }
        });
        matches!(result, CompResult::Removed(_))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("apps", &self.0.apps)
            .finish_non_exhaustive()
    }
}

fn access(app: &AppEntry) -> &Arc<Entry> {
    app.tokens.access(app.grant)
}
