//! The token cache and its state machine. See the [module documentation](super) for the rules.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;

use super::entry::{AppEntries, Entry};
use super::front::Generation;
use super::{Margins, SharedSource, SharedStore, Status, TicketSource, Token, TokenKey};
use crate::app::AppId;
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
    pub(super) cache: Cache<TokenKey, Token>,
    pub(super) entries: HashMap<AppId, AppEntries>,
    pub(super) source: SharedSource,
    pub(super) tickets: TicketSource,
    pub(super) store: SharedStore,
    pub(super) clock: SharedClock,
    pub(super) runtime: SharedRuntime,
    pub(super) fetches: SingleFlight<TokenKey, Fetched>,
    pub(super) waiters: Waiters,
    pub(super) margins: Margins,
}

pub(super) type Fetched = Result<Token, Error>;

impl Tokens {
    pub(crate) fn new(
        keys: impl Iterator<Item = TokenKey>,
        source: SharedSource,
        tickets: TicketSource,
        store: SharedStore,
        clock: SharedClock,
        runtime: SharedRuntime,
        margins: Margins,
    ) -> Self {
        let entries: HashMap<_, _> = keys
            .map(|key| (key.appid.clone(), AppEntries::new(key)))
            .collect();
        // A few entries per app, never evicted: the configuration bounds the cache.
        let cache = Cache::builder().initial_capacity(entries.len()).build();
        Self(Arc::new(Inner {
            cache,
            entries,
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
        self.current(self.entry(appid.as_ref())?).await
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
        self.current(&self.entries(appid.as_ref())?.jsapi).await
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
        self.current(&self.entries(appid.as_ref())?.card).await
    }

    async fn current(&self, entry: &Entry) -> Result<Token, Error> {
        let generation = match entry.front.get() {
            Ok(token) => match self.usable(entry, &token) {
                true => return Ok(token),
                false => None,
            },
            Err(generation) => Some(generation),
        };
        // Boxed, because the future of every caller would otherwise have this size.
        Box::pin(self.look_up(entry, generation)).await
    }

    /// Looks into the cache, unless its token is known to have expired, and fetches a token if
    /// needed.
    async fn look_up(&self, entry: &Entry, generation: Option<Generation>) -> Result<Token, Error> {
        if let Some(generation) = generation
            && let Some(token) = self.0.cache.get(&entry.key)
        {
            entry.front.fill(&token, generation);
            if self.usable(entry, &token) {
                return Ok(token);
            }
        }
        self.fetch(entry).await
    }

    /// Returns whether the token may be used. Starts a refresh if it is stale.
    fn usable(&self, entry: &Entry, token: &Token) -> bool {
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
        let entry = self.entry(appid.as_ref())?;
        let now = self.0.clock.moment();
        // Among many callers with the same rejected token, only one retires it.
        // Read without changing the cache, because a change clears the copy in front of it.
        let replaced = entry.front.get().is_ok_and(|token| token.secret() != used);
        let under_way = self.0.fetches.is_under_way(&entry.key);
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
        self.get(&entry.key.appid).await
    }

    /// Returns the state of an app's cached token, or `None` if there is none. Fetches nothing. For
    /// health checks.
    pub async fn status(&self, appid: impl AsRef<str>) -> Option<Status> {
        let entry = self.entry(appid.as_ref()).ok()?;
        let token = self.0.cache.get(&entry.key)?;
        Some(token.status(&self.0.clock))
    }

    /// Returns the entry of an app's access token.
    fn entry(&self, appid: &str) -> Result<&Entry, Error> {
        Ok(&self.entries(appid)?.access)
    }

    fn entries(&self, appid: &str) -> Result<&AppEntries, Error> {
        self.0
            .entries
            .get(appid)
            .ok_or_else(|| Error::unknown_app(appid))
    }

    pub(super) fn slot_of(&self, key: &TokenKey) -> Result<&Entry, Error> {
        Ok(self.entries(key.appid.as_str())?.of(key.kind))
    }

    /// Removes an app's token from the cache if `meant` returns `true` for it.
    pub(super) fn remove_if(&self, entry: &Entry, meant: impl Fn(&Token) -> bool) -> bool {
        let _change = entry.front.change();
        let cached = self.0.cache.entry_by_ref(&entry.key);
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
            .field("apps", &self.0.entries.keys())
            .finish_non_exhaustive()
    }
}
