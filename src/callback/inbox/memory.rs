//! A store in the memory of this process, for tests.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::index::{Claimed, Index, Letter, Limits, Reserved};
use super::store::{
    Contents, DeadEntry, DeadLimits, Entry, EntryKey, InboxStore, Put, Taken, TakenEntry,
};
use crate::clock::{Clock, SharedClock};
use crate::store::{Owner, StoreError};

const MAX_BYTES: usize = 16 << 20;

/// An [`InboxStore`] in the memory of this process, for tests: it keeps nothing when the process
/// exits. Clones share their contents.
///
/// ```
/// use tower_wechat::callback::inbox::{Inbox, MemoryInboxStore};
///
/// let store = MemoryInboxStore::new();
/// let inbox = Inbox::new(store.clone());
/// let after_a_restart = Inbox::new(store);
/// ```
#[derive(Clone)]
pub struct MemoryInboxStore(Arc<Shared>);

struct Shared {
    clock: SharedClock,
    max_bytes: usize,
    index: Mutex<Index>,
}

impl Default for MemoryInboxStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryInboxStore {
    /// Creates a store of at most 16 MiB.
    pub fn new() -> Self {
        Self::with(MAX_BYTES, SharedClock::default())
    }

    /// Returns an empty store in which all entries together take at most `bytes`.
    #[must_use]
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self::with(bytes, self.0.clock.clone())
    }

    /// Returns an empty store with this clock, which measures pauses and leases.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self::with(self.0.max_bytes, SharedClock::new(clock))
    }

    fn with(max_bytes: usize, clock: SharedClock) -> Self {
        let cache = usize::MAX;
        let bytes = max_bytes;
        Self(Arc::new(Shared {
            clock,
            max_bytes,
            index: Mutex::new(Index::new(Limits { bytes, cache })),
        }))
    }

    fn open(&self) -> (MutexGuard<'_, Index>, Duration) {
        let index = self.0.index.lock().unwrap_or_else(PoisonError::into_inner);
        (index, self.0.clock.monotonic())
    }
}

impl InboxStore for MemoryInboxStore {
    async fn put(
        &self,
        entry: &Entry,
        holder: Option<&Owner>,
        lease: Duration,
    ) -> Result<Put, StoreError> {
        let (mut index, now) = self.open();
        let holder = holder.map(|owner| (*owner, now.saturating_add(lease)));
        let wall = self.0.clock.now();
        Ok(
            match index.reserve(&entry.key, &entry.payload, holder, wall, now) {
                Reserved::New(number) => {
                    index.commit(number);
                    Put::Stored
                }
                Reserved::Held => Put::Stored,
                Reserved::Writing | Reserved::Known => Put::Known,
                Reserved::Full => Put::Full,
            },
        )
    }

    async fn is_known(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let (mut index, now) = self.open();
        Ok(index.is_known(&key.dedup, now))
    }

    async fn take(&self, owner: &Owner, lease: Duration) -> Result<Taken, StoreError> {
        let (mut index, now) = self.open();
        Ok(match index.take(*owner, now.saturating_add(lease), now) {
            Err(next) => Taken::Nothing(next),
            Ok(Claimed {
                key,
                payload,
                attempt,
                ..
            }) => {
                let entry = Entry::new((*key).clone(), payload.unwrap_or_default());
                Taken::Entry(TakenEntry::new(entry, attempt))
            }
        })
    }

    async fn renew(
        &self,
        key: &EntryKey,
        owner: &Owner,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let (mut index, now) = self.open();
        Ok(index.renew(&key.dedup, owner, now.saturating_add(lease)))
    }

    async fn finish(
        &self,
        key: &EntryKey,
        owner: &Owner,
        window: Duration,
    ) -> Result<bool, StoreError> {
        let (mut index, now) = self.open();
        let finished = index.finish(&key.dedup, owner, now.saturating_add(window), now);
        Ok(finished.is_some())
    }

    async fn retry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        pause: Duration,
        payload: Option<&Bytes>,
    ) -> Result<bool, StoreError> {
        let (mut index, now) = self.open();
        let until = now.saturating_add(pause);
        Ok(index.retry(&key.dedup, owner, until, payload).is_some())
    }

    async fn bury(
        &self,
        key: &EntryKey,
        owner: &Owner,
        error: &str,
        limits: DeadLimits,
    ) -> Result<bool, StoreError> {
        let (mut index, _) = self.open();
        let Some(held) = index.held_entry(&key.dedup, owner) else {
            return Ok(false);
        };
        let since = self.0.clock.now();
        let payload = held.payload.unwrap_or_default();
        let letter = Letter {
            key: Arc::new(key.clone()),
            size: payload.len(),
            payload: Some(payload),
            attempts: held.attempts,
            error: error.into(),
            since,
            expires: since.checked_add(limits.max_age).unwrap_or(since),
        };
        let buried = index.bury(&key.dedup, owner, letter, limits.max);
        Ok(buried.is_some())
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadEntry>, StoreError> {
        let (index, _) = self.open();
        let letters = index.letters(max, self.0.clock.now()).into_iter();
        let entry = |letter: Letter| {
            let entry = Entry::new((*letter.key).clone(), letter.payload.unwrap_or_default());
            DeadEntry::new(entry, letter.attempts, &*letter.error, letter.since)
        };
        Ok(letters.map(|(_, letter)| entry(letter)).collect())
    }

    async fn revive(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let (mut index, _) = self.open();
        let Some((_, letter)) = index.letter(&key.dedup) else {
            return Ok(false);
        };
        let payload = letter.payload.unwrap_or_default();
        if let Some((number, _)) = index.revive(key, &payload, self.0.clock.now()) {
            index.commit(number);
        }
        Ok(true)
    }

    async fn discard(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let (mut index, _) = self.open();
        Ok(index.discard(&key.dedup).is_some())
    }

    async fn contents(&self) -> Result<Contents, StoreError> {
        let (index, _) = self.open();
        Ok(index.contents(self.0.clock.now()))
    }
}

impl fmt::Debug for MemoryInboxStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInboxStore")
            .field("max_bytes", &self.0.max_bytes)
            .finish_non_exhaustive()
    }
}
