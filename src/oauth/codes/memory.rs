//! The codes and users in the memory of one process.

use std::fmt;
use std::time::{Duration, Instant};

use moka::Entry;
use moka::ops::compute::Op;
use moka::policy::{EvictionPolicy, Expiry};
use moka::sync::Cache;

use super::key::CodeKey;
use super::record::CodeRecord;
use super::store::{CodeClaim, CodeStore};
use crate::clock::{Clock, SharedClock};
use crate::store::Owner;
use crate::store::StoreError;

/// The default number of sign-ins that are kept.
pub(in crate::oauth) const RESULTS_MAX: u64 = 10_000;

/// The longest time that the cache keeps a record.
const KEPT_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// A [`CodeStore`] in the memory of one process. Clones share their contents, so that several
/// [`OAuthService`](crate::oauth::OAuthService)s can share their results:
///
/// ```
/// use tower_wechat::oauth::{MemoryCodeStore, OAuthService, SignedIn, StateKey, sign_in_fn};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let store = MemoryCodeStore::new();
/// let service = || {
///     let key = StateKey::new("thirty-two bytes or more, at random")?;
///     let handler = sign_in_fn(|signed_in: SignedIn, _| async move { signed_in.redirect() });
///     let service = OAuthService::new(app.clone(), "https://shop.example/login", key, handler)?;
///     Ok::<_, tower_wechat::Error>(service.code_store(store.clone()))
/// };
/// let (one, two) = (service()?, service()?);
/// # let _ = (one, two);
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct MemoryCodeStore {
    clock: SharedClock,
    slots: Cache<CodeKey, Slot>,
}

/// A claim or a record, and its end in monotonic time, so that setting the wall clock drops none.
#[derive(Clone)]
struct Slot {
    content: Content,
    life: Duration,
    end: Duration,
}

#[derive(Clone)]
enum Content {
    Claim(Owner),
    Record(CodeRecord),
}

/// A record, which may have ended.
pub(super) struct Kept {
    pub(super) record: CodeRecord,
    pub(super) has_ended: bool,
}

impl Kept {
    pub(super) fn fresh(record: CodeRecord) -> Self {
        Self {
            record,
            has_ended: false,
        }
    }
}

impl MemoryCodeStore {
    /// Creates an empty store for 10,000 sign-ins.
    pub fn new() -> Self {
        Self::with_shared_clock(SharedClock::default(), RESULTS_MAX)
    }

    /// Creates an empty store that uses `clock`, for `max_results` sign-ins. Beyond that the least
    /// recently used records are dropped.
    pub fn with_clock(clock: impl Clock, max_results: u64) -> Self {
        Self::with_shared_clock(SharedClock::new(clock), max_results)
    }

    pub(super) fn with_shared_clock(clock: SharedClock, max_results: u64) -> Self {
        // LRU eviction: a code is repeated within seconds or never. The clock enforces the life of
        // a record. The cache's own expiry only frees memory.
        let slots = Cache::builder()
            // A sign-in has two records: of its code, and of its user.
            .max_capacity(max_results.saturating_mul(2))
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Ends)
            .build();
        Self { clock, slots }
    }

    /// Returns a record, also one that has ended and is not dropped yet.
    pub(super) fn look(&self, key: &CodeKey) -> Option<Kept> {
        let slot = self.slots.get(key)?;
        let has_ended = slot.has_ended(self.clock.monotonic());
        match slot.content {
            Content::Record(record) => Some(Kept { record, has_ended }),
            Content::Claim(_) => None,
        }
    }

    /// Returns a record that has not ended.
    pub(super) fn get(&self, key: &CodeKey) -> Option<CodeRecord> {
        let kept = self.look(key).filter(|kept| !kept.has_ended)?;
        Some(kept.record)
    }

    pub(super) fn put(&self, key: CodeKey, record: CodeRecord, life: Duration) {
        let now = self.clock.monotonic();
        let slot = Slot::new(Content::Record(record), now, life);
        self.slots.insert(key, slot);
    }

    fn claim(&self, key: &CodeKey, owner: Owner, life: Duration) -> CodeClaim {
        let now = self.clock.monotonic();
        let mut claim = CodeClaim::Granted;
        self.slots.entry_by_ref(key).and_compute_with(|slot| {
            let slot = slot.map(Entry::into_value);
            match slot.filter(|slot| !slot.has_ended(now)) {
                None => return Op::Put(Slot::new(Content::Claim(owner), now, life)),
                Some(slot) => {
                    claim = match slot.content {
                        Content::Claim(_) => CodeClaim::Running,
                        Content::Record(record) => CodeClaim::Finished(record),
                    };
                }
            }
            Op::Nop
        });
        claim
    }

    fn release(&self, key: &CodeKey, owner: Owner) {
        self.slots.entry_by_ref(key).and_compute_with(|slot| {
            let content = slot.map(|slot| slot.into_value().content);
            match content {
                Some(Content::Claim(claimed)) if claimed == owner => Op::Remove,
                _ => Op::Nop,
            }
        });
    }
}

impl CodeStore for MemoryCodeStore {
    async fn load(&self, key: &CodeKey) -> Result<Option<CodeRecord>, StoreError> {
        Ok(self.get(key))
    }

    async fn claim(
        &self,
        key: &CodeKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<CodeClaim, StoreError> {
        Ok(self.claim(key, *owner, life))
    }

    async fn finish(
        &self,
        key: &CodeKey,
        record: &CodeRecord,
        life: Duration,
    ) -> Result<(), StoreError> {
        self.put(*key, record.clone(), life);
        Ok(())
    }

    async fn release(&self, key: &CodeKey, owner: &Owner) -> Result<(), StoreError> {
        self.release(key, *owner);
        Ok(())
    }
}

impl Default for MemoryCodeStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryCodeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCodeStore").finish_non_exhaustive()
    }
}

impl Slot {
    fn new(content: Content, now: Duration, life: Duration) -> Self {
        Self {
            content,
            life,
            end: now.saturating_add(life),
        }
    }

    fn has_ended(&self, now: Duration) -> bool {
        now >= self.end
    }
}

/// Lets the cache drop a slot after its life.
struct Ends;

impl Expiry<CodeKey, Slot> for Ends {
    fn expire_after_create(&self, _: &CodeKey, slot: &Slot, _: Instant) -> Option<Duration> {
        // moka panics on a life of more than a thousand years.
        Some(slot.life.min(KEPT_MAX))
    }

    fn expire_after_update(
        &self,
        key: &CodeKey,
        slot: &Slot,
        updated_at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, slot, updated_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::error::{ErrCode, Error, Refusal};
    use crate::secret::Secret;

    const LIFE: Duration = Duration::from_secs(10);

    #[test]
    fn a_claim_is_exclusive_until_it_is_released_or_ends() {
        let clock = ManualClock::at_unix(1_767_225_600);
        let store = MemoryCodeStore::with_clock(clock.clone(), 10);
        let appid = crate::AppId::new("wx1").unwrap();
        let key = CodeKey::of_code(&appid, &Secret::new("c"));
        let [one, two] = [Owner::new(), Owner::new()];
        let granted = |owner| matches!(store.claim(&key, owner, LIFE), CodeClaim::Granted);
        assert!(granted(one));
        assert!(!granted(two));
        store.release(&key, two);
        assert!(!granted(two));
        store.release(&key, one);
        assert!(granted(two));
        clock.advance(LIFE);
        assert!(granted(one));

        // A record replaces any claim, is not released, and ends by itself.
        let refusal = Refusal::new(ErrCode::INVALID_CODE, "");
        let record = CodeRecord {
            state: CodeKey::of_state(&appid, "s"),
            outcome: Err(Error::platform(refusal)),
        };
        store.put(key, record, LIFE);
        store.release(&key, one);
        let claim = store.claim(&key, two, LIFE);
        assert!(matches!(claim, CodeClaim::Finished(_)), "{claim:?}");
        clock.advance(LIFE);
        assert!(store.get(&key).is_none());
        assert!(store.look(&key).is_some_and(|kept| kept.has_ended));
        assert!(granted(two));
    }
}
