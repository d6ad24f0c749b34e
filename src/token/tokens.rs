//! The cache and its state machine; the [room's documentation](super) tells the rules.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Request;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};

use super::hot::Round;
use super::slot::{AppSlots, Slot};
use super::{
    Fetch, Issued, SharedSource, SharedStore, Status, TicketSource, Token, TokenKey, TokenKind,
};
use crate::app::AppId;
use crate::clock::{Clock, SharedClock};
use crate::error::{Error, ErrorKind};
use crate::runtime::SharedRuntime;
use crate::secret::Secret;
use crate::waiters::Waiters;

/// The longest that a caller waits for a token, whatever the source does.
const FETCH_MAX: Duration = Duration::from_secs(30);

/// How many callers may wait for a token at once.
const WAITERS_MAX: usize = 100_000;

/// How long a refusal that will not pass by itself is remembered.
const REFUSAL_KEPT: Duration = Duration::from_secs(10);

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
    slots: HashMap<AppId, AppSlots>,
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
        let slots: HashMap<_, _> = keys
            .map(|key| (key.appid.clone(), AppSlots::new(key)))
            .collect();
        // A few entries an app, never evicted: the configuration bounds the cache.
        let cache = Cache::builder().initial_capacity(slots.len()).build();
        Self(Arc::new(Inner {
            cache,
            slots,
            source,
            tickets,
            store,
            clock,
            runtime,
            waiters: Waiters::new(WAITERS_MAX),
        }))
    }

    /// The handle that [`TokenLayer`](super::TokenLayer) put into a request.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
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
        self.current(self.slot(appid.as_ref())?).await
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
        self.current(&self.slots(appid.as_ref())?.jsapi).await
    }

    /// The ticket that signs cards (卡券), in the same way.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the fetch.
    pub async fn card_ticket(&self, appid: impl AsRef<str>) -> Result<Token, Error> {
        self.current(&self.slots(appid.as_ref())?.card).await
    }

    async fn current(&self, slot: &Slot) -> Result<Token, Error> {
        let round = match slot.hot.get() {
            Ok(token) => match self.usable(slot, &token) {
                true => return Ok(token),
                false => None,
            },
            Err(round) => Some(round),
        };
        // In a box, since every caller would move it.
        Box::pin(self.look_up(slot, round)).await
    }

    /// Looks into the cache unless its token is known to have expired, and fetches one if need be.
    async fn look_up(&self, slot: &Slot, round: Option<Round>) -> Result<Token, Error> {
        if let Some(round) = round
            && let Some(token) = self.0.cache.get(&slot.key).await
        {
            slot.hot.fill(&token, round);
            if self.usable(slot, &token) {
                return Ok(token);
            }
        }
        self.fetch(slot).await
    }

    /// Whether the token may be used. One that is stale may, and is being replaced from now on.
    fn usable(&self, slot: &Slot, token: &Token) -> bool {
        let status = token.status(self.0.clock.now());
        if status == Status::Stale {
            self.refresh(slot);
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
        let slot = self.slot(appid.as_ref())?;
        let now = self.0.clock.now();
        // Of many callers with a dead token one retires it.
        let replaced = slot.hot.get().is_ok_and(|token| token.secret() != used);
        let under_way = slot.flight.is_under_way();
        let retired = replaced || {
            let memory = slot.memory();
            let reinstated = || memory.reinstated.is_some_and(|end| now < end);
            memory.retired.as_ref() == Some(used) && (under_way || reinstated())
        };
        // Noted before the cache is empty: whoever fetches from then on must not take the same
        // token out of the store again.
        let retire = |token: &Token| {
            let retires = token.secret() == used;
            if retires {
                slot.memory().retired = Some(used.clone());
            }
            retires
        };
        if !retired && self.remove_if(slot, retire).await {
            tracing::warn!(appid = %slot.key.appid, token = ?used, "the platform refused the token");
            let Inner { store, runtime, .. } = &*self.0;
            store.evict(runtime, &slot.key, used).await;
        }
        self.get(&slot.key.appid).await
    }

    /// The state of an app's token in the cache, without asking anyone for it; `None` when there
    /// is none. For health checks.
    pub async fn status(&self, appid: impl AsRef<str>) -> Option<Status> {
        let slot = self.slot(appid.as_ref()).ok()?;
        let token = self.0.cache.get(&slot.key).await?;
        Some(token.status(self.0.clock.now()))
    }

    /// The slot of an app's access token.
    fn slot(&self, appid: &str) -> Result<&Slot, Error> {
        Ok(&self.slots(appid)?.access)
    }

    fn slots(&self, appid: &str) -> Result<&AppSlots, Error> {
        self.0
            .slots
            .get(appid)
            .ok_or_else(|| Error::unknown_app(appid))
    }

    fn slot_of(&self, key: &TokenKey) -> Result<&Slot, Error> {
        Ok(self.slots(key.appid.as_str())?.of(key.kind))
    }

    /// Waits for the one fetch of an app's token, starting it if there is none.
    ///
    /// The cache could let one caller fetch and the others wait for it, but it starts over when the
    /// fetching caller is dropped. So the fetch is a task, which nobody drops.
    async fn fetch(&self, slot: &Slot) -> Result<Token, Error> {
        let _waits = self.0.waiters.enter()?;
        let (waiter, leader) = slot.flight.join();
        if let Some(leader) = leader {
            let task = self.task(slot, |slot| slot.flight.end());
            self.0.runtime.spawn(async move {
                let outcome = match task.slot() {
                    Ok(slot) => task.tokens.fetch_once(slot).await,
                    Err(error) => Err(error),
                };
                // Before anyone is told: who then finds the token dead has to fetch another one.
                drop(task);
                leader.tell(outcome);
            });
        }
        waiter.outcome().await
    }

    fn task(&self, slot: &Slot, end: fn(&Slot)) -> Task {
        Task {
            tokens: self.clone(),
            key: slot.key.clone(),
            end,
        }
    }

    /// Asks the cache once more: whoever found it empty may come here after another fetch filled it.
    async fn fetch_once(&self, slot: &Slot) -> Result<Token, Error> {
        let now = self.0.clock.now();
        self.remove_if(slot, |token| token.status(now) == Status::Expired)
            .await;
        let fetch = self.obtain(slot, Status::Stale);
        let result = self.0.cache.try_get_with(slot.key.clone(), fetch).await;
        result.map_err(|error| Error::clone(&error))
    }

    /// Starts the refresh of a stale token, unless one is under way.
    fn refresh(&self, slot: &Slot) {
        if slot.refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let task = self.task(slot, |slot| slot.refreshing.store(false, Ordering::Release));
        self.0.runtime.spawn(async move {
            let Ok(slot) = task.slot() else {
                return;
            };
            let tokens = &task.tokens;
            let result = tokens.obtain(slot, Status::Fresh).await;
            tokens.publish(slot, result).await;
        });
    }

    /// Puts a refreshed token in the place of the stale one, or keeps that one for a while longer.
    async fn publish(&self, slot: &Slot, result: Result<Token, Error>) {
        let now = self.0.clock.now();
        let _change = slot.hot.change();
        let entry = self.0.cache.entry_by_ref(&slot.key);
        let op = entry.and_compute_with(|current| {
            let current = current.map(moka::Entry::into_value);
            std::future::ready(match (result, current) {
                // Retired or replaced meanwhile: whoever did that has fetched, or will.
                (Ok(new), Some(old)) if new.issued() < old.issued() => Op::Nop,
                (Ok(new), Some(_)) => Op::Put(new.postponed(now)),
                (Err(error), Some(old)) => {
                    tracing::warn!(appid = %slot.key.appid, %error, "a token was not refreshed");
                    Op::Put(old.postponed(now))
                }
                (_, None) => Op::Nop,
            })
        });
        op.await;
    }

    /// A token from the store or the source. One of the store must be at most as old as `oldest`.
    async fn obtain(&self, slot: &Slot, oldest: Status) -> Result<Token, Error> {
        let now = self.0.clock.now();
        if let Some((error, end)) = &slot.memory().refused
            && now < *end
        {
            return Err(error.clone());
        }
        let fetch = self
            .0
            .runtime
            .timeout(FETCH_MAX, self.obtain_now(slot, oldest));
        let result = fetch.await.unwrap_or_else(|| {
            Err(Error::new(
                ErrorKind::Timeout,
                "no token could be fetched in 30 seconds",
            ))
        });
        slot.memory().refused = match &result {
            Err(error) if !error.is_transient() => {
                Some((error.clone(), self.0.clock.now() + REFUSAL_KEPT))
            }
            _ => None,
        };
        result
    }

    async fn obtain_now(&self, slot: &Slot, oldest: Status) -> Result<Token, Error> {
        let Inner {
            clock,
            source,
            store,
            runtime,
            ..
        } = &*self.0;
        let (key, asked) = (&slot.key, clock.now());
        let retired = slot.memory().retired.clone();
        let is_retired = |issued: &Issued| retired.as_ref() == Some(&issued.secret);

        let stored = store.load(runtime, key).await;
        if let Some(stored) = stored.filter(|stored| !is_retired(stored)) {
            let token = Token::new(stored, key.kind, asked);
            let status = token.status(asked);
            if status == Status::Fresh || status == oldest {
                return Ok(token);
            }
        }
        let mut issued = match key.kind {
            TokenKind::JsapiTicket | TokenKind::WxCardTicket => {
                self.0.tickets.fetch(self.clone(), key).await?
            }
            _ => source.fetch(key, Fetch::Current).await?,
        };
        if is_retired(&issued) {
            if store.take_forced_refresh(runtime, key).await {
                tracing::warn!(appid = %key.appid, "the refused token came back: forcing a new one");
                issued = source.fetch(key, Fetch::Forced).await?;
            } else {
                slot.memory().reinstated = Some(asked + REINSTATED);
            }
        }
        store.save(runtime, key, &issued).await;
        tracing::debug!(appid = %key.appid, token = ?issued.secret, "fetched a token");
        Ok(Token::new(issued, key.kind, asked))
    }

    /// Removes an app's token from the cache if it still is the one that is meant.
    async fn remove_if(&self, slot: &Slot, meant: impl Fn(&Token) -> bool + Send) -> bool {
        let _change = slot.hot.change();
        let entry = self.0.cache.entry_by_ref(&slot.key);
        let result = entry.and_compute_with(|current| {
            let remove = current.is_some_and(|entry| meant(entry.value()));
            std::future::ready(if remove { Op::Remove } else { Op::Nop })
        });
        matches!(result.await, CompResult::Removed(_))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("apps", &self.0.slots.keys())
            .finish_non_exhaustive()
    }
}

/// A task about one slot. The slot learns that it ended, also when it panics or is stopped.
struct Task {
    tokens: Tokens,
    key: TokenKey,
    end: fn(&Slot),
}

impl Task {
    fn slot(&self) -> Result<&Slot, Error> {
        self.tokens.slot_of(&self.key)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Ok(slot) = self.slot() {
            (self.end)(slot);
        }
    }
}
