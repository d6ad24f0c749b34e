//! A store in the memory of this process.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::expiring::Expiring;
use super::{Claimed, DedupStore};
use crate::callback::Reply;
use crate::callback::dedup::replies::Replies;
use crate::callback::dedup::{DedupKey, PushKey};
use crate::clock::{Clock, SharedClock};
use crate::store::{Owner, StoreError};

/// How many pushes and how many signatures are remembered.
const CAPACITY: usize = 100_000;

/// A [`DedupStore`] in the memory of this process. Clones share their contents, so that several
/// [`Wechat`](crate::Wechat) handles can share pushes.
///
/// The last 100,000 pushes are remembered, and the last 1024 replies.
///
/// ```
/// use tower_wechat::callback::dedup::{DedupLayer, MemoryDedupStore};
///
/// let store = MemoryDedupStore::new();
/// let one = DedupLayer::new().store(store.clone());
/// let two = DedupLayer::new().store(store);
/// ```
#[derive(Clone)]
pub struct MemoryDedupStore(Arc<Shared>);

struct Shared {
    clock: SharedClock,
    state: Mutex<State>,
}

struct State {
    pushes: Expiring<DedupKey, Push>,
    replies: Replies,
    /// The body that each signature was seen with.
    signatures: Expiring<u128, u128>,
}

#[derive(Clone, Copy)]
enum Push {
    Running(Owner),
    /// With the number of the reply.
    Finished(u64),
}

impl Default for MemoryDedupStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryDedupStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::with(CAPACITY, SharedClock::default())
    }

    /// Returns an empty store that remembers this many pushes. Defaults to 100,000. The oldest are
    /// evicted beyond that.
    #[must_use]
    pub fn capacity(self, pushes: usize) -> Self {
        Self::with(pushes, self.0.clock.clone())
    }

    /// Returns an empty store with this clock, which measures the age of records.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        let capacity = self.state().pushes.capacity();
        Self::with(capacity, SharedClock::new(clock))
    }

    fn with(capacity: usize, clock: SharedClock) -> Self {
        Self(Arc::new(Shared {
            clock,
            state: Mutex::new(State {
                pushes: Expiring::new(capacity),
                replies: Replies::default(),
                signatures: Expiring::new(capacity),
            }),
        }))
    }

    fn open(&self) -> (MutexGuard<'_, State>, Duration) {
        let state = self.state();
        (state, self.0.clock.monotonic())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns whether `owner` holds a push, or nobody does.
    fn is_free(&self, push: &PushKey, owner: &Owner, now: Duration) -> bool {
        match self.pushes.get(&push.dedup, now) {
            None => true,
            Some(Push::Running(holder)) => holder == owner,
            Some(Push::Finished(_)) => false,
        }
    }

    /// Remembers the signature of a push with its body. Returns whether it has no other body.
    fn remember(&mut self, push: &PushKey, now: Duration) -> bool {
        let Some(unsigned) = &push.unsigned else {
            return true;
        };
        if let Some(body) = self.signatures.get(&unsigned.signature, now) {
            return *body == unsigned.body;
        }
        let end = now.saturating_add(unsigned.life);
        self.signatures
            .put(unsigned.signature, unsigned.body, end, now);
        true
    }
}

impl DedupStore for MemoryDedupStore {
    async fn claim(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<Claimed, StoreError> {
        let (mut state, now) = self.open();
        if !state.remember(push, now) {
            return Ok(Claimed::Replayed);
        }
        Ok(match state.pushes.get(&push.dedup, now) {
            Some(Push::Finished(reply)) => Claimed::Finished(state.replies.get(*reply)),
            Some(Push::Running(holder)) if holder != owner => Claimed::Running,
            _ => {
                let end = now.saturating_add(life);
                let running = Push::Running(*owner);
                state.pushes.put(push.dedup, running, end, now);
                Claimed::Granted
            }
        })
    }

    async fn renew(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<bool, StoreError> {
        let (mut state, now) = self.open();
        let is_free = state.is_free(push, owner, now);
        if is_free {
            let end = now.saturating_add(life);
            let running = Push::Running(*owner);
            state.pushes.put(push.dedup, running, end, now);
        }
        Ok(is_free)
    }

    async fn finish(
        &self,
        push: &PushKey,
        owner: &Owner,
        reply: &Reply,
        life: Duration,
    ) -> Result<(), StoreError> {
        let (mut state, now) = self.open();
        if state.is_free(push, owner, now) {
            let finished = Push::Finished(state.replies.put(reply));
            let end = now.saturating_add(life);
            state.pushes.put(push.dedup, finished, end, now);
        }
        Ok(())
    }

    async fn release(&self, push: &PushKey, owner: &Owner) -> Result<(), StoreError> {
        let (mut state, now) = self.open();
        if state.is_free(push, owner, now) {
            state.pushes.remove(&push.dedup);
        }
        Ok(())
    }

    async fn remember(&self, push: &PushKey) -> Result<(), StoreError> {
        let (mut state, now) = self.open();
        state.remember(push, now);
        Ok(())
    }
}

impl fmt::Debug for MemoryDedupStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDedupStore")
            .field("pushes", &self.state().pushes.len())
            .finish_non_exhaustive()
    }
}
