//! A second-level cache of tokens, which several instances can share.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Issued, TokenKey};
use crate::clock::{Clock, Moment, SharedClock};
use crate::error::chain;
use crate::runtime::{BoxFuture, SharedRuntime};
use crate::secret::Secret;
use crate::store::{StoreError, within};

/// The platform's budget of forced refreshes.
const FORCED_A_DAY: usize = 20;
const FORCED_APART: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The longest time to wait for a store.
const PATIENCE: Duration = Duration::from_secs(1);

/// Stores tokens outside the cache.
///
/// A store that fails, panics, or does not answer within a second is logged and skipped: it never
/// fails a call that the cache or the source can serve. A stored token that no source could have
/// issued is skipped too.
///
/// Implement it with `async fn`s. [`Issued`] holds the life remaining at the time of the call. A
/// store therefore saves the *end time*, or lets the record expire by itself, and computes the
/// remaining life when it loads:
///
/// ```
/// use tower_wechat::token::{Issued, TokenKey, TokenStore};
/// use tower_wechat::{Secret, StoreError};
/// # use std::{collections::HashMap, sync::Mutex, time::Duration};
/// # #[derive(Default)]
/// # struct Shared(Mutex<HashMap<String, String>>);
/// # impl Shared {
/// #     async fn get(&self, key: &str) -> Result<Option<(String, Duration)>, std::io::Error> {
/// #         let value = self.0.lock().unwrap().get(key).cloned();
/// #         Ok(value.map(|value| (value, Duration::from_secs(60))))
/// #     }
/// #     async fn set(&self, key: &str, value: &str, _: Duration) -> Result<(), std::io::Error> {
/// #         self.0.lock().unwrap().insert(key.to_owned(), value.to_owned());
/// #         Ok(())
/// #     }
/// #     async fn remove_if(&self, key: &str, value: &str) -> Result<(), std::io::Error> {
/// #         let mut values = self.0.lock().unwrap();
/// #         if values.get(key).is_some_and(|known| known == value) {
/// #             values.remove(key);
/// #         }
/// #         Ok(())
/// #     }
/// #     async fn count_forced(&self, _: &str) -> Result<bool, std::io::Error> {
/// #         Ok(true)
/// #     }
/// # }
///
/// struct InRedis(Shared); // the client of a store with expiring records
///
/// fn name(key: &TokenKey) -> String {
///     format!("wechat:{}:{:?}", key.appid, key.kind)
/// }
///
/// impl TokenStore for InRedis {
///     async fn load(&self, key: &TokenKey) -> Result<Option<Issued>, StoreError> {
///         let found = self.0.get(&name(key)).await.map_err(StoreError::new)?;
///         Ok(found.map(|(token, left)| Issued::new(token, left)))
///     }
///
///     async fn save(&self, key: &TokenKey, token: &Issued) -> Result<(), StoreError> {
///         let (text, life) = (token.secret.expose(), token.expires_in);
///         self.0.set(&name(key), text, life).await.map_err(StoreError::new)
///     }
///
///     async fn evict(&self, key: &TokenKey, used: &Secret) -> Result<(), StoreError> {
///         let removed = self.0.remove_if(&name(key), used.expose()).await;
///         removed.map_err(StoreError::new)
///     }
///
///     async fn take_forced_refresh(&self, key: &TokenKey) -> Result<bool, StoreError> {
///         self.0.count_forced(&name(key)).await.map_err(StoreError::new)
///     }
/// }
/// # let _ = tower_wechat::Wechat::builder().token_store(InRedis(Shared::default()));
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// Returns the stored token with its remaining life, or `None`.
    fn load(
        &self,
        key: &TokenKey,
    ) -> impl Future<Output = Result<Option<Issued>, StoreError>> + Send;

    /// Stores a token for the length of its life, replacing the previous one.
    fn save(
        &self,
        key: &TokenKey,
        token: &Issued,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes the token if it equals `used`.
    fn evict(
        &self,
        key: &TokenKey,
        used: &Secret,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes one forced refresh from the platform's budget of 20 a day, at least 30 seconds apart.
    /// Returns `false` when none is left.
    fn take_forced_refresh(
        &self,
        key: &TokenKey,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// A [`TokenStore`] in the memory of this process. Clones share their contents, so that several
/// [`Wechat`](crate::Wechat) handles can share tokens:
///
/// ```
/// use tower_wechat::token::MemoryTokenStore;
/// use tower_wechat::{AppConfig, Wechat};
///
/// let store = MemoryTokenStore::new();
/// let app = AppConfig::new("wx3cc8fd6963e31a32", "the app secret");
/// let one = Wechat::builder().app(app.clone()).token_store(store.clone()).build()?;
/// let two = Wechat::builder().app(app).token_store(store).build()?;
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryTokenStore {
    clock: SharedClock,
    // Bounded by the number of configured apps: one small record for each token.
    records: Arc<Mutex<HashMap<TokenKey, Record>>>,
}

#[derive(Debug, Default)]
struct Record {
    token: Option<(Issued, Moment)>,
    /// In monotonic time, so that setting the wall clock grants no further refresh.
    forced: VecDeque<Duration>,
}

impl MemoryTokenStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty store that uses `clock`.
    pub fn with_clock(clock: impl Clock) -> Self {
        Self::with_shared_clock(SharedClock::new(clock))
    }

    pub(crate) fn with_shared_clock(clock: SharedClock) -> Self {
        Self {
            clock,
            records: Arc::default(),
        }
    }

    fn records(&self) -> MutexGuard<'_, HashMap<TokenKey, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryTokenStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<Issued>, StoreError> {
        let now = self.clock.moment();
        let records = self.records();
        let token = records.get(key).and_then(|record| record.token.as_ref());
        Ok(token.and_then(|(issued, saved)| {
            let left = issued.expires_in.checked_sub(now.since(*saved))?;
            (!left.is_zero()).then(|| Issued::new(issued.secret.clone(), left))
        }))
    }

    async fn save(&self, key: &TokenKey, token: &Issued) -> Result<(), StoreError> {
        let saved = (token.clone(), self.clock.moment());
        self.records().entry(key.clone()).or_default().token = Some(saved);
        Ok(())
    }

    async fn evict(&self, key: &TokenKey, used: &Secret) -> Result<(), StoreError> {
        if let Some(record) = self.records().get_mut(key) {
            record.token.take_if(|(issued, _)| issued.secret == *used);
        }
        Ok(())
    }

    async fn take_forced_refresh(&self, key: &TokenKey) -> Result<bool, StoreError> {
        let now = self.clock.monotonic();
        let mut records = self.records();
        let forced = &mut records.entry(key.clone()).or_default().forced;
        let age = |time: &Duration| now.saturating_sub(*time);
        while forced.front().is_some_and(|first| age(first) >= DAY) {
            forced.pop_front();
        }
        let granted = forced.len() < FORCED_A_DAY
            && forced.back().is_none_or(|last| age(last) >= FORCED_APART);
        if granted {
            forced.push_back(now);
        }
        Ok(granted)
    }
}

/// A type-erased store.
#[derive(Clone)]
pub(crate) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(crate) fn new(store: impl TokenStore) -> Self {
        Self(Arc::new(store))
    }

    /// Returns the stored token, or `None` if the store fails.
    pub(super) async fn load(&self, runtime: &SharedRuntime, key: &TokenKey) -> Option<Issued> {
        let loaded = or_pass_over(runtime, key, async { self.0.load(key).await }).await?;
        match loaded.check() {
            Ok(issued) => Some(issued),
            // A token with less than a second left also ends here.
            Err(error) => {
                tracing::debug!(appid = %key.appid, error = error.to_string(), "skipped a stored token");
                None
            }
        }
    }

    pub(super) async fn save(&self, runtime: &SharedRuntime, key: &TokenKey, token: &Issued) {
        or_pass_over(runtime, key, async { self.0.save(key, token).await }).await;
    }

    pub(super) async fn evict(&self, runtime: &SharedRuntime, key: &TokenKey, used: &Secret) {
        or_pass_over(runtime, key, async { self.0.evict(key, used).await }).await;
    }

    /// Returns whether a refresh may be forced. `false` if the store fails, since it keeps the
    /// count.
    pub(super) async fn take_forced_refresh(
        &self,
        runtime: &SharedRuntime,
        key: &TokenKey,
    ) -> bool {
        or_pass_over(runtime, key, async {
            self.0.take_forced_refresh(key).await
        })
        .await
    }
}

/// Returns the store's answer, or the default if it fails, panics or takes too long: a store must
/// not hold up the calls.
async fn or_pass_over<T: Default>(
    runtime: &SharedRuntime,
    key: &TokenKey,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> T {
    let answer = within(Some(runtime), PATIENCE, answer).await;
    answer.unwrap_or_else(|error| {
        tracing::warn!(appid = %key.appid, kind = ?key.kind, error = chain(&error), "the token store failed");
        T::default()
    })
}

/// The object-safe form of [`TokenStore`], with boxed futures.
trait DynStore: Send + Sync {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Issued>, StoreError>>;
    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a Issued,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    fn evict<'a>(
        &'a self,
        key: &'a TokenKey,
        used: &'a Secret,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    fn take_forced_refresh<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}

impl<T: TokenStore> DynStore for T {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Issued>, StoreError>> {
        Box::pin(TokenStore::load(self, key))
    }

    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a Issued,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(TokenStore::save(self, key, token))
    }

    fn evict<'a>(
        &'a self,
        key: &'a TokenKey,
        used: &'a Secret,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(TokenStore::evict(self, key, used))
    }

    fn take_forced_refresh<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(TokenStore::take_forced_refresh(self, key))
    }
}
