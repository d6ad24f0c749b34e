//! The token cache and its state machine. See the [module documentation](super) for the rules.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;

use super::entry::{AppEntries, Entry, Refused};
use super::front::Generation;
use super::single_flight::{Leader, Waited};
use super::{
    Fetch, Issued, SharedSource, SharedStore, Status, TicketSource, Token, TokenKey, TokenKind,
};
use crate::app::AppId;
use crate::clock::SharedClock;
use crate::error::{Error, ErrorKind};
use crate::panic::{Contained, Panicked};
use crate::runtime::SharedRuntime;
use crate::secret::Secret;
use crate::waiters::Waiters;

/// The longest time a caller waits for a token.
const FETCH_MAX: Duration = Duration::from_secs(30);

/// The maximum number of callers that wait for a token at once.
const WAITERS_MAX: usize = 100_000;

/// How long a permanent refusal is cached.
const REFUSAL_KEPT: Duration = Duration::from_secs(10);

/// How long an answer that is not a token is cached.
const GARBAGE_KEPT: Duration = Duration::from_secs(1);

/// How often one caller takes over a stopped fetch.
const TAKE_OVERS_MAX: usize = 3;

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
pub struct Tokens(Arc<Inner>);

struct Inner {
    cache: Cache<TokenKey, Token>,
    entries: HashMap<AppId, AppEntries>,
    source: SharedSource,
    tickets: TicketSource,
    store: SharedStore,
    clock: SharedClock,
    runtime: SharedRuntime,
    waiters: Waiters,
}

impl Tokens {
    pub(crate) fn new(
        keys: impl Iterator<Item = TokenKey>,
        source: SharedSource,
        tickets: TicketSource,
        store: SharedStore,
        clock: SharedClock,
        runtime: SharedRuntime,
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
            waiters: Waiters::new(WAITERS_MAX),
        }))
    }

    /// Returns the handle that [`TokenLayer`](super::TokenLayer) inserted into a request.
    pub fn from_request<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// Returns an app's access token, from the cache or from the fetch in progress.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownApp`], or the error of the fetch, which all waiters share.
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

    /// Returns the ticket that signs cards (卡券). It is cached, shared and refreshed like an access
    /// token.
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
        let replaced = entry.front.get().is_ok_and(|token| token.secret() != used);
        let under_way = entry.flight.is_under_way();
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
            store.evict(runtime, &entry.key, used).await;
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

    fn slot_of(&self, key: &TokenKey) -> Result<&Entry, Error> {
        Ok(self.entries(key.appid.as_str())?.of(key.kind))
    }

    /// Waits for the fetch of an app's token, and starts one if there is none.
    ///
    /// The fetch is a separate task, so dropping a caller doesn't cancel it. It stops if the
    /// runtime it was spawned on stops. A waiter on another runtime then takes it over.
    async fn fetch(&self, entry: &Entry) -> Result<Token, Error> {
        let _waits = self.0.waiters.enter()?;
        let mut joined = entry.flight.join();
        for _ in 0..=TAKE_OVERS_MAX {
            let (mut waiter, leader) = joined;
            let led = leader.map(|leader| self.lead(entry, leader)).is_some();
            match waiter.outcome(&self.0.runtime).await {
                Waited::Outcome(outcome) => return outcome,
                // This caller's own runtime doesn't accept tasks any more.
                Waited::Stopped if led => break,
                Waited::Stopped | Waited::Silent => {}
            }
            joined = entry.flight.take_over(&waiter);
        }
        let message = "the task that fetched the token was stopped";
        Err(Error::new(ErrorKind::Interrupted, message))
    }

    fn lead(&self, entry: &Entry, leader: Leader) {
        let number = leader.number();
        let task = self.task(entry, move |entry| entry.flight.end(number));
        self.0.runtime.spawn(async move {
            let outcome = match task.entry() {
                Ok(entry) => {
                    let fetch = task.tokens.fetch_once(entry, number);
                    leader.run(&task.tokens.0.runtime, fetch).await
                }
                Err(error) => Err(error),
            };
            // Before the outcome is sent: a waiter that finds the token rejected must be able to
            // start another fetch.
            drop(task);
            leader.tell(outcome);
        });
    }

    fn task(&self, entry: &Entry, end: impl Fn(&Entry) + Send + 'static) -> Task {
        Task {
            tokens: self.clone(),
            key: entry.key.clone(),
            end: Box::new(end),
        }
    }

    /// Checks the cache again before fetching: another fetch may have filled it since this caller
    /// found it empty.
    async fn fetch_once(&self, entry: &Entry, number: u64) -> Result<Token, Error> {
        let now = self.0.clock.moment();
        self.remove_if(entry, |token| token.status_at(now) == Status::Expired);
        if let Some(token) = self.0.cache.get(&entry.key) {
            return Ok(token);
        }
        let token = self.obtain(entry, Status::Stale).await?;
        // A fetch that was taken over may finish after its successor, and must not overwrite its
        // token.
        if entry.flight.is_current(number) {
            let _change = entry.front.change();
            self.0.cache.insert(entry.key.clone(), token.clone());
        }
        Ok(token)
    }

    /// Starts the refresh of a stale token, unless one is in progress.
    fn refresh(&self, entry: &Entry) {
        let Some(number) = entry.refresh.begin(self.0.clock.moment().monotonic) else {
            return;
        };
        let task = self.task(entry, move |entry| entry.refresh.end(number));
        self.0.runtime.spawn(async move {
            let Ok(entry) = task.entry() else {
                return;
            };
            let tokens = &task.tokens;
            let result = tokens.obtain(entry, Status::Fresh).await;
            tokens.publish(entry, result);
        });
    }

    /// Replaces the stale token with the refreshed one. After a failure, keeps the stale token and
    /// postpones the next refresh.
    fn publish(&self, entry: &Entry, result: Result<Token, Error>) {
        let now = self.0.clock.moment();
        let _change = entry.front.change();
        let cached = self.0.cache.entry_by_ref(&entry.key);
        cached.and_compute_with(|current| {
            let current = current.map(moka::Entry::into_value);
            match (result, current) {
                // Retired or replaced in the meantime: the newer token stays.
                (Ok(new), Some(old)) if new.is_older_than(&old) => Op::Nop,
                (Ok(new), Some(_)) => Op::Put(new.postponed(now)),
                (Err(error), Some(old)) => {
                    let (appid, error) = (&entry.key.appid, error.to_string());
                    tracing::warn!(%appid, error, "could not refresh a token");
                    Op::Put(old.postponed(now))
                }
                (_, None) => Op::Nop,
            }
        });
    }

    /// Returns a token from the store or the source. A stored token must be fresh, or in the state
    /// `oldest`.
    async fn obtain(&self, entry: &Entry, oldest: Status) -> Result<Token, Error> {
        let now = self.0.clock.moment();
        if let Some(refused) = &entry.memory().refused
            && now.since(refused.since) < refused.kept
        {
            return Err(refused.error.clone());
        }
        let fetch = Contained::new(self.obtain_now(entry, oldest));
        let result = match self.0.runtime.timeout(FETCH_MAX, fetch).await {
            Some(Ok(result)) => result,
            Some(Err(Panicked)) => {
                let message = "the token source panicked";
                tracing::error!(appid = %entry.key.appid, "{message}");
                Err(Error::new(ErrorKind::Interrupted, message))
            }
            None => {
                let message = "no token was fetched within 30 seconds";
                Err(Error::new(ErrorKind::Timeout, message))
            }
        };
        entry.memory().refused = result.as_ref().err().and_then(|error| {
            Some(Refused {
                error: error.clone(),
                since: self.0.clock.moment(),
                kept: kept(error)?,
            })
        });
        result
    }

    async fn obtain_now(&self, entry: &Entry, oldest: Status) -> Result<Token, Error> {
        let Inner {
            clock,
            source,
            store,
            runtime,
            ..
        } = &*self.0;
        let (key, asked) = (&entry.key, clock.moment());
        // `asked` is read before any request, so that a token's life is never overestimated.
        let retired = entry.memory().retired.clone();
        let is_retired = |issued: &Issued| retired.as_ref() == Some(&issued.secret);

        let stored = store.load(runtime, key).await;
        if let Some(stored) = stored.filter(|stored| !is_retired(stored)) {
            let token = Token::new(stored, key.kind, asked);
            let status = token.status_at(asked);
            if status == Status::Fresh || status == oldest {
                return Ok(token);
            }
        }
        let mut issued = match key.kind {
            TokenKind::JsapiTicket | TokenKind::WxCardTicket => {
                self.0.tickets.fetch(self.clone(), key).await?
            }
            _ => source.fetch(key, Fetch::Current).await?,
        }
        .check()?;
        if is_retired(&issued) {
            if store.take_forced_refresh(runtime, key).await {
                tracing::warn!(appid = %key.appid, "the source returned the rejected token: forcing a new one");
                let refused = issued.secret.clone();
                issued = source
                    .fetch(key, Fetch::Forced { refused })
                    .await?
                    .check()?;
            } else {
                // The budget is spent: the rejected token stays in use, since it may work for other
                // calls.
                entry.memory().reinstated = Some(asked);
            }
        }
        store.save(runtime, key, &issued).await;
        tracing::debug!(appid = %key.appid, token = ?issued.secret, "fetched a token");
        Ok(Token::new(issued, key.kind, asked))
    }

    /// Removes an app's token from the cache if `meant` returns `true` for it.
    fn remove_if(&self, entry: &Entry, meant: impl Fn(&Token) -> bool) -> bool {
        let _change = entry.front.change();
        let cached = self.0.cache.entry_by_ref(&entry.key);
        let result = cached.and_compute_with(|current| {
            let remove = current.is_some_and(|entry| meant(entry.value()));
            if remove { Op::Remove } else { Op::Nop }
        });
        matches!(result, CompResult::Removed(_))
    }
}

/// Returns how long an error of the source is cached, or `None` if it is not.
fn kept(error: &Error) -> Option<Duration> {
    match error.kind() {
        ErrorKind::Interrupted => Some(GARBAGE_KEPT),
        _ if error.is_transient() => None,
        // A broken answer or a panic may be a one-off.
        ErrorKind::Answer | ErrorKind::Status(_) => Some(GARBAGE_KEPT),
        _ => Some(REFUSAL_KEPT),
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("apps", &self.0.entries.keys())
            .finish_non_exhaustive()
    }
}

/// A task for one entry. Its drop calls `end`, also when the task panics or is stopped.
struct Task {
    tokens: Tokens,
    key: TokenKey,
    end: Box<dyn Fn(&Entry) + Send>,
}

impl Task {
    fn entry(&self) -> Result<&Entry, Error> {
        self.tokens.slot_of(&self.key)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Ok(entry) = self.entry() {
            (self.end)(entry);
        }
    }
}
