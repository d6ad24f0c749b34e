//! A store in the memory of this process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Fence, Lease, TokenStore};
use crate::clock::{Clock, Moment, SharedClock};
use crate::secret::Secret;
use crate::store::{Owner, StoreError};
use crate::token::budget::{Fetches, Forced};
use crate::token::{Issued, TokenKey, TokenKind};

/// How many rejected tokens of a key are known. The platform rejects at most a few in their life.
const RETIRED_MAX: usize = 16;

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
    // One small record for each token of the apps in use, and of those that were in use within the
    // last day: the platform goes on counting their calls.
    records: Arc<Mutex<HashMap<TokenKey, Record>>>,
}

#[derive(Debug, Default)]
struct Record {
    token: Option<(Issued, Moment)>,
    /// The last rejected tokens.
    retired: VecDeque<Secret>,
    lease: Option<(Owner, Duration)>,
    /// The number of leases so far.
    leases: u64,
    forced: Forced,
    fetches: Fetches,
}

impl Record {
    fn save(&mut self, token: &Issued, now: Moment) -> bool {
        let is_retired = self.retired.contains(&token.secret);
        if !is_retired {
            self.token = Some((token.clone(), now));
        }
        !is_retired
    }

    /// Returns whether anything in the record still counts.
    fn counts(&self, kind: TokenKind, now: Moment) -> bool {
        let is_alive = |(issued, saved): &(Issued, Moment)| now.since(*saved) < issued.expires_in;
        self.token.as_ref().is_some_and(is_alive)
            || self.lease.is_some_and(|(_, end)| now.monotonic < end)
            || self.forced.counts(now.monotonic)
            || self.fetches.counts(kind, now.monotonic)
    }

    /// Returns whether `owner` has the lease.
    fn is_leased_to(&self, owner: &Owner, now: Duration) -> bool {
        self.lease
            .is_some_and(|(holder, end)| holder == *owner && now < end)
    }
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
        let now = self.clock.moment();
        self.records()
            .entry(key.clone())
            .or_default()
            .save(token, now);
        Ok(())
    }

    async fn save_fenced(
        &self,
        key: &TokenKey,
        token: &Issued,
        fence: Fence,
    ) -> Result<bool, StoreError> {
        let now = self.clock.moment();
        let mut records = self.records();
        let record = records.entry(key.clone()).or_default();
        Ok(record.leases <= fence.get() && record.save(token, now))
    }

    async fn evict(&self, key: &TokenKey, used: &Secret) -> Result<(), StoreError> {
        let mut records = self.records();
        let record = records.entry(key.clone()).or_default();
        record.token.take_if(|(issued, _)| issued.secret == *used);
        if !record.retired.contains(used) {
            record.retired.push_back(used.clone());
        }
        if record.retired.len() > RETIRED_MAX {
            record.retired.pop_front();
        }
        Ok(())
    }

    async fn lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<Lease, StoreError> {
        let (moment, mut records) = (self.clock.moment(), self.records());
        let now = moment.monotonic;
        // Before the map grows, so that it doesn't hold every app there ever was.
        if records.len() == records.capacity() && !records.contains_key(key) {
            records.retain(|key, record| record.counts(key.kind, moment));
        }
        let record = records.entry(key.clone()).or_default();
        if let Some((holder, end)) = record.lease
            && holder != *owner
            && now < end
        {
            return Ok(Lease::Held);
        }
        record.lease = Some((*owner, now.saturating_add(life)));
        record.leases += 1;
        Ok(Lease::Granted(Fence::new(record.leases)))
    }

    async fn renew_lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<bool, StoreError> {
        let now = self.clock.monotonic();
        let mut records = self.records();
        let record = records.entry(key.clone()).or_default();
        let has = record.is_leased_to(owner, now);
        if has {
            record.lease = Some((*owner, now.saturating_add(life)));
        }
        Ok(has)
    }

    async fn release_lease(&self, key: &TokenKey, owner: &Owner) -> Result<(), StoreError> {
        if let Some(record) = self.records().get_mut(key) {
            record.lease.take_if(|(holder, _)| holder == owner);
        }
        Ok(())
    }

    async fn take_fetch(&self, key: &TokenKey) -> Result<bool, StoreError> {
        let now = self.clock.monotonic();
        let mut records = self.records();
        let record = records.entry(key.clone()).or_default();
        Ok(record.fetches.take(key.kind, now))
    }

    async fn take_forced_refresh(&self, key: &TokenKey) -> Result<bool, StoreError> {
        let now = self.clock.monotonic();
        let mut records = self.records();
        Ok(records.entry(key.clone()).or_default().forced.take(now))
    }
}
