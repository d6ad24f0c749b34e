//! The cache and its state machine; the [room's documentation](super) tells the rules.

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

/// The longest that a caller waits for a token, whatever the source does.
const FETCH_MAX: Duration = Duration::from_secs(30);

/// How many callers may wait for a token at once.
const WAITERS_MAX: usize = 100_000;

/// How long a refusal that will not pass by itself is remembered.
const REFUSAL_KEPT: Duration = Duration::from_secs(10);

/// How long an answer that is no token is.
const GARBAGE_KEPT: Duration = Duration::from_secs(1);

/// How often a caller takes over a fetch that has stopped.
const TAKE_OVERS_MAX: usize = 3;

/// How long a refused token that the platform calls current is not doubted again.
const REINSTATED: Duration = Duration::from_secs(30);

/// The access tokens of all apps: a handle that is cheap to clone.
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
        // A few entries an app, never evicted: the configuration bounds the cache.
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

    /// The handle that [`TokenLayer`](super::TokenLayer) put into a request.
    pub fn from_request<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// An app's access token: from the cache at once, or from the one fetch under way.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownApp`], or the error of the fetch, which all waiters share.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the fetch.
    pub async fn get(&self, appid: impl AsRef<str>) -> Result<Token, Error> {
        self.current(self.entry(appid.as_ref())?).await
    }

    /// The ticket that signs the pages of an official account, for
    /// [`wx.config`](crate::jssdk): kept, shared and refreshed like an access token. To sign a
    /// page, take [`App::page_config`](crate::App::page_config).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the fetch.
    pub async fn ticket(&self, appid: impl AsRef<str>) -> Result<Token, Error> {
        self.current(&self.entries(appid.as_ref())?.jsapi).await
    }

    /// The ticket that signs cards (卡券), in the same way.
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
        // In a box, since every caller would move it.
        Box::pin(self.look_up(entry, generation)).await
    }

    /// Looks into the cache unless its token is known to have expired, and fetches one if need be.
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

    /// Whether the token may be used. One that is stale may, and is being replaced from now on.
    fn usable(&self, entry: &Entry, token: &Token) -> bool {
        let status = token.status(&self.0.clock);
        if status == Status::Stale {
            self.refresh(entry);
        }
        status != Status::Expired
    }

    /// Replaces a token that the platform refused, unless that has been done already, and returns
    /// the current one. It is the same one only when the platform insists on it; to use it again
    /// at once would be in vain.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn renew(&self, appid: impl AsRef<str>, used: &Secret) -> Result<Token, Error> {
        let entry = self.entry(appid.as_ref())?;
        let now = self.0.clock.moment();
        // Of many callers with a dead token one retires it.
        let replaced = entry.front.get().is_ok_and(|token| token.secret() != used);
        let under_way = entry.flight.is_under_way();
        let retired = replaced || {
            let memory = entry.memory();
            let lasts = |since| now.since(since) < REINSTATED;
            let reinstated = || memory.reinstated.is_some_and(lasts);
            memory.retired.as_ref() == Some(used) && (under_way || reinstated())
        };
        // Noted before the cache is empty: whoever fetches from then on must not take the same
        // token out of the store again.
        let retire = |token: &Token| {
            let retires = token.secret() == used;
            if retires {
                entry.memory().retired = Some(used.clone());
            }
            retires
        };
        if !retired && self.remove_if(entry, retire) {
            tracing::warn!(appid = %entry.key.appid, token = ?used, "the platform refused the token");
            let Inner { store, runtime, .. } = &*self.0;
            store.evict(runtime, &entry.key, used).await;
        }
        self.get(&entry.key.appid).await
    }

    /// The state of an app's token in the cache, without asking anyone for it; `None` when there
    /// is none. For health checks.
    pub async fn status(&self, appid: impl AsRef<str>) -> Option<Status> {
        let entry = self.entry(appid.as_ref()).ok()?;
        let token = self.0.cache.get(&entry.key)?;
        Some(token.status(&self.0.clock))
    }

    /// The entry of an app's access token.
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

    /// Waits for the one fetch of an app's token, starting it if there is none.
    ///
    /// The fetch is a task, which nobody drops. It may stop with the runtime that it was spawned on,
    /// and is taken over then by those who wait on another one.
    async fn fetch(&self, entry: &Entry) -> Result<Token, Error> {
        let _waits = self.0.waiters.enter()?;
        let mut joined = entry.flight.join();
        for _ in 0..=TAKE_OVERS_MAX {
            let (mut waiter, leader) = joined;
            let led = leader.map(|leader| self.lead(entry, leader)).is_some();
            match waiter.outcome(&self.0.runtime).await {
                Waited::Outcome(outcome) => return outcome,
                // This caller's own runtime takes no tasks any more.
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
            // Before anyone is told: who then finds the token dead has to fetch another one.
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

    /// Looks into the cache once more: whoever found it empty may come here after another fetch
    /// filled it.
    async fn fetch_once(&self, entry: &Entry, number: u64) -> Result<Token, Error> {
        let now = self.0.clock.moment();
        self.remove_if(entry, |token| token.status_at(now) == Status::Expired);
        if let Some(token) = self.0.cache.get(&entry.key) {
            return Ok(token);
        }
        let token = self.obtain(entry, Status::Stale).await?;
        // One that was taken over may end after the other one.
        if entry.flight.is_current(number) {
            let _change = entry.front.change();
            self.0.cache.insert(entry.key.clone(), token.clone());
        }
        Ok(token)
    }

    /// Starts the refresh of a stale token, unless one is under way.
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

    /// Puts a refreshed token in the place of the stale one, or keeps that one for a while longer.
    fn publish(&self, entry: &Entry, result: Result<Token, Error>) {
        let now = self.0.clock.moment();
        let _change = entry.front.change();
        let cached = self.0.cache.entry_by_ref(&entry.key);
        cached.and_compute_with(|current| {
            let current = current.map(moka::Entry::into_value);
            match (result, current) {
                // Retired or replaced meanwhile: whoever did that has fetched, or will.
                (Ok(new), Some(old)) if new.is_older_than(&old) => Op::Nop,
                (Ok(new), Some(_)) => Op::Put(new.postponed(now)),
                (Err(error), Some(old)) => {
                    let (appid, error) = (&entry.key.appid, error.to_string());
                    tracing::warn!(%appid, error, "a token was not refreshed");
                    Op::Put(old.postponed(now))
                }
                (_, None) => Op::Nop,
            }
        });
    }

    /// A token from the store or the source. One of the store must be at most as old as `oldest`.
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
                let message = "the source of tokens panicked";
                tracing::error!(appid = %entry.key.appid, "{message}");
                Err(Error::new(ErrorKind::Interrupted, message))
            }
            None => {
                let message = "no token could be fetched in 30 seconds";
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
                tracing::warn!(appid = %key.appid, "the refused token came back: forcing a new one");
                let refused = issued.secret.clone();
                issued = source
                    .fetch(key, Fetch::Forced { refused })
                    .await?
                    .check()?;
            } else {
                entry.memory().reinstated = Some(asked);
            }
        }
        store.save(runtime, key, &issued).await;
        tracing::debug!(appid = %key.appid, token = ?issued.secret, "fetched a token");
        Ok(Token::new(issued, key.kind, asked))
    }

    /// Removes an app's token from the cache if it still is the one that is meant.
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

/// How long an error is taken as the answer of the source.
fn kept(error: &Error) -> Option<Duration> {
    match error.kind() {
        ErrorKind::Interrupted => Some(GARBAGE_KEPT),
        _ if error.is_transient() => None,
        // Whatever answered, or panicked, may not do so again.
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

/// A task about one entry. The entry learns that it ended, also when it panics or is stopped.
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
