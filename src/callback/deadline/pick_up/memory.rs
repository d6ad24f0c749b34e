//! Stores waiting parts in this process.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{PickUpStore, Taken};
use crate::app::AppId;
use crate::callback::dedup::DedupKey;
use crate::callback::{Reply, metrics};
use crate::clock::{Clock, SharedClock};
use crate::store::StoreError;

const MAX_BYTES: usize = 16 << 20;

/// How long a part is kept for the message that took it. The platform retries a message for ten
/// seconds.
const REPEAT: Duration = Duration::from_secs(60);

/// The estimated overhead of a part and of a user, in bytes.
const PART: usize = 192;
const USER: usize = 320;

/// A store in the memory of this process: waiting parts are lost when it exits. Clones share the
/// parts.
///
/// ```
/// use tower_wechat::callback::deadline::pick_up::{PickUp, MemoryPickUpStore};
///
/// let pick_up = PickUp::new().store(MemoryPickUpStore::new().max_bytes(1 << 20));
/// ```
#[derive(Clone)]
pub struct MemoryPickUpStore(Arc<Shared>);

struct Shared {
    max_bytes: usize,
    clock: SharedClock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    users: HashMap<User, Queue>,
    /// The time at which the last part of each user expires.
    ends: BTreeSet<(Duration, User)>,
    bytes: usize,
}

type User = (AppId, Arc<str>);

#[derive(Default)]
struct Queue {
    parts: VecDeque<Part>,
    bytes: usize,
    ends: Duration,
}

struct Part {
    reply: Reply,
    bytes: usize,
    ends: Duration,
    taken: Option<Claim>,
}

/// The message that took a part, and until when the part is kept for it.
struct Claim {
    message: DedupKey,
    ends: Duration,
}

impl Default for MemoryPickUpStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryPickUpStore {
    /// Creates a store of at most 16 MiB.
    pub fn new() -> Self {
        Self::with(MAX_BYTES, SharedClock::default())
    }

    /// Returns an empty store in which all parts together take at most `bytes`. Defaults to 16 MiB.
    ///
    /// To make room for a new part, all parts of another user are dropped together. The user whose
    /// parts expire first is chosen.
    #[must_use]
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self::with(bytes, self.0.clock.clone())
    }

    /// Returns an empty store with this clock, which measures the age of parts.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self::with(self.0.max_bytes, SharedClock::new(clock))
    }

    fn with(max_bytes: usize, clock: SharedClock) -> Self {
        Self(Arc::new(Shared {
            max_bytes,
            clock,
            state: Mutex::default(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, user: &User, parts: Vec<Reply>, max_parts: usize, max_age: Duration) -> usize {
        let (now, max_bytes) = (self.0.clock.monotonic(), self.0.max_bytes);
        let mut dropped = Dropped::default();
        let mut state = self.state();
        let mut queue = state.open(user, now, &mut dropped);
        let before = queue.parts.len();
        let mut room = max_parts.saturating_sub(queue.waiting());
        let mut bytes = queue.size(user);
        for reply in parts {
            let part = Part::new(reply, now.saturating_add(max_age));
            bytes = bytes.saturating_add(part.bytes);
            if room == 0 || bytes > max_bytes {
                break;
            }
            room -= 1;
            queue.parts.push_back(part);
        }
        let added = queue.parts.len() - before;
        // The user's own queue is taken out of the state, so only others are dropped.
        let room = max_bytes.saturating_sub(queue.size(user));
        state.make_room(room, &mut dropped);
        state.close(user, queue);
        drop(state);
        dropped.report();
        added
    }

    /// Changes the queue of a user. Does nothing if no user has parts.
    fn change<T>(
        &self,
        appid: &AppId,
        openid: &str,
        change: impl FnOnce(&mut Queue, Duration) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.state();
        // The usual case, which copies no id.
        if state.users.is_empty() {
            return None;
        }
        let user = (appid.clone(), openid.into());
        let now = self.0.clock.monotonic();
        let mut dropped = Dropped::default();
        let mut queue = state.open(&user, now, &mut dropped);
        let changed = change(&mut queue, now);
        state.close(&user, queue);
        drop(state);
        dropped.report();
        changed
    }
}

impl State {
    /// Removes and returns a user's queue, without expired parts. Also drops the expired queues of
    /// other users.
    fn open(&mut self, user: &User, now: Duration, dropped: &mut Dropped) -> Queue {
        while let Some((ends, user)) = self.ends.first().cloned()
            && ends <= now
        {
            let queue = self.remove(&user);
            dropped.add(&user.0, queue.waiting(), "age");
        }
        // The queue is removed while it changes: `close` then updates `bytes` and `ends` in one
        // place.
        let mut queue = self.remove(user);
        let waited = queue.waiting();
        queue.parts.retain(|part| part.ends() > now);
        dropped.add(&user.0, waited - queue.waiting(), "age");
        queue
    }

    fn remove(&mut self, user: &User) -> Queue {
        let Some((user, queue)) = self.users.remove_entry(user) else {
            return Queue::default();
        };
        self.bytes = self.bytes.saturating_sub(queue.bytes);
        self.ends.remove(&(queue.ends, user));
        queue
    }

    fn close(&mut self, user: &User, mut queue: Queue) {
        let Some(ends) = queue.parts.iter().map(Part::ends).max() else {
            return;
        };
        queue.parts.shrink_to_fit();
        queue.ends = ends;
        queue.bytes = queue.size(user);
        self.bytes += queue.bytes;
        self.ends.insert((ends, user.clone()));
        self.users.insert(user.clone(), queue);
    }

    /// Drops queues until the remaining ones take at most `bytes`.
    fn make_room(&mut self, bytes: usize, dropped: &mut Dropped) {
        while self.bytes > bytes
            && let Some((_, user)) = self.ends.first().cloned()
        {
            let queue = self.remove(&user);
            dropped.add(&user.0, queue.waiting(), "full");
        }
    }
}

impl Queue {
    fn size(&self, (_, openid): &User) -> usize {
        let parts: usize = self.parts.iter().map(|part| part.bytes).sum();
        USER + openid.len() + parts
    }

    fn waiting(&self) -> usize {
        self.parts
            .iter()
            .filter(|part| part.taken.is_none())
            .count()
    }

    fn taken_by(&mut self, message: &DedupKey) -> Option<&mut Part> {
        self.parts.iter_mut().find(|part| part.is_taken_by(message))
    }

    fn take(&mut self, message: &DedupKey, now: Duration) -> Option<Taken> {
        let reply = match self.taken_by(message) {
            Some(part) => part.reply.clone(),
            None => {
                let part = self.parts.iter_mut().find(|part| part.taken.is_none())?;
                // It stays in the queue: a retry of the message must get it again.
                part.taken = Some(Claim {
                    message: *message,
                    ends: now.saturating_add(REPEAT),
                });
                part.reply.clone()
            }
        };
        Some(Taken::new(reply, self.waiting()))
    }
}

impl Part {
    fn new(reply: Reply, ends: Duration) -> Self {
        // An estimate that works for every kind of reply.
        let bytes = serde_json::to_vec(&reply).map_or(0, |stored| stored.len());
        Self {
            bytes: PART + bytes,
            reply,
            ends,
            taken: None,
        }
    }

    /// Returns when the part expires.
    fn ends(&self) -> Duration {
        self.taken.as_ref().map_or(self.ends, |claim| claim.ends)
    }

    fn is_taken_by(&self, message: &DedupKey) -> bool {
        self.taken
            .as_ref()
            .is_some_and(|claim| claim.message == *message)
    }
}

/// The parts that a change dropped. They are reported after the lock is released: what receives the
/// log may be slow, or use the store.
#[derive(Default)]
struct Dropped(Vec<(AppId, usize, &'static str)>);

impl Dropped {
    fn add(&mut self, appid: &AppId, parts: usize, reason: &'static str) {
        if parts > 0 {
            self.0.push((appid.clone(), parts, reason));
        }
    }

    fn report(self) {
        for (appid, dropped, reason) in self.0 {
            metrics::not_picked_up(&appid, dropped, reason);
            tracing::warn!(%appid, dropped, reason, "dropped parts of late replies");
        }
    }
}

impl PickUpStore for MemoryPickUpStore {
    async fn put(
        &self,
        appid: &AppId,
        openid: &str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> Result<usize, StoreError> {
        let user = (appid.clone(), openid.into());
        Ok(self.add(&user, parts, max_parts, max_age))
    }

    async fn take(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<Option<Taken>, StoreError> {
        Ok(self.change(appid, openid, |queue, now| queue.take(message, now)))
    }

    async fn give_back(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<(), StoreError> {
        self.change(appid, openid, |queue, _| {
            queue.taken_by(message)?.taken.take()
        });
        Ok(())
    }
}

impl fmt::Debug for MemoryPickUpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MemoryPickUpStore")
            .field("users", &state.users.len())
            .field("bytes", &state.bytes)
            .field("max_bytes", &self.0.max_bytes)
            .finish_non_exhaustive()
    }
}
