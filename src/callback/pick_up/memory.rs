//! The parts that wait in this process.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{PickUpStore, Taken};
use crate::app::AppId;
use crate::callback::once::OnceKey;
use crate::callback::{Reply, count};
use crate::clock::{Clock, SharedClock};
use crate::error::BoxError;

const MAX_BYTES: usize = 16 << 20;

/// How long a part is kept for the message that took it: the platform sends that again for ten
/// seconds.
const REPEAT: Duration = Duration::from_secs(60);

/// About what a part takes beside what it says.
const PART: usize = 192;

/// Keeps parts in the memory of this process: what waits is lost when it ends. Its clones share the
/// parts.
///
/// ```
/// use tower_wechat::callback::pick_up::{PickUp, PickUpMemory};
///
/// let pick_up = PickUp::new().store(PickUpMemory::new().max_bytes(1 << 20));
/// ```
#[derive(Clone)]
pub struct PickUpMemory {
    max_bytes: usize,
    clock: SharedClock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    users: HashMap<User, Queue>,
    /// When the last part of each ends.
    ends: BTreeSet<(Duration, User)>,
    bytes: usize,
}

type User = (AppId, Arc<str>);

#[derive(Default)]
struct Queue {
    parts: VecDeque<Part>,
    ends: Duration,
}

struct Part {
    reply: Reply,
    bytes: usize,
    ends: Duration,
    taken: Option<OnceKey>,
}

impl Default for PickUpMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl PickUpMemory {
    /// A memory of 16 MiB at most.
    pub fn new() -> Self {
        Self {
            max_bytes: MAX_BYTES,
            clock: SharedClock::default(),
            state: Arc::default(),
        }
    }

    /// How much all parts take together; 16 MiB unless set. A user's parts give way whole when those
    /// of another come and there is no room: first the parts that are to be dropped first anyway.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The clock that tells the age of parts.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock::new(clock);
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, user: &User, parts: Vec<Reply>, max_parts: usize, max_age: Duration) -> usize {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let mut queue = state.open(user, now);
        let before = queue.parts.len();
        let mut room = max_parts.saturating_sub(queue.waiting());
        let mut bytes = queue.bytes();
        for reply in parts {
            let part = Part::new(reply, now.saturating_add(max_age));
            bytes = bytes.saturating_add(part.bytes);
            if room == 0 || bytes > self.max_bytes {
                break;
            }
            room -= 1;
            queue.parts.push_back(part);
        }
        let added = queue.parts.len() - before;
        state.make_room(self.max_bytes.saturating_sub(queue.bytes()));
        state.close(user, queue);
        added
    }

    fn next(&self, user: &User, message: &OnceKey) -> Option<Taken> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let mut queue = state.open(user, now);
        let taken = queue.take(message, now);
        state.close(user, queue);
        taken
    }
}

impl State {
    /// Takes a user's queue out, without what has ended.
    fn open(&mut self, user: &User, now: Duration) -> Queue {
        while let Some((ends, user)) = self.ends.first().cloned()
            && ends <= now
        {
            let queue = self.remove(&user);
            drop_parts(&user.0, queue.waiting(), "age");
        }
        let mut queue = self.remove(user);
        let waited = queue.waiting();
        queue.parts.retain(|part| part.ends > now);
        drop_parts(&user.0, waited - queue.waiting(), "age");
        queue
    }

    fn remove(&mut self, user: &User) -> Queue {
        let Some((user, queue)) = self.users.remove_entry(user) else {
            return Queue::default();
        };
        self.bytes = self.bytes.saturating_sub(queue.bytes());
        self.ends.remove(&(queue.ends, user));
        queue
    }

    fn close(&mut self, user: &User, mut queue: Queue) {
        let Some(ends) = queue.parts.iter().map(|part| part.ends).max() else {
            return;
        };
        queue.ends = ends;
        self.bytes += queue.bytes();
        self.ends.insert((ends, user.clone()));
        self.users.insert(user.clone(), queue);
    }

    /// Drops queues until the others take no more than `bytes`.
    fn make_room(&mut self, bytes: usize) {
        while self.bytes > bytes
            && let Some((_, user)) = self.ends.first().cloned()
        {
            let queue = self.remove(&user);
            drop_parts(&user.0, queue.waiting(), "full");
        }
    }
}

impl Queue {
    fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    fn waiting(&self) -> usize {
        self.parts
            .iter()
            .filter(|part| part.taken.is_none())
            .count()
    }

    fn take(&mut self, message: &OnceKey, now: Duration) -> Option<Taken> {
        let mut parts = self.parts.iter_mut();
        let part = match parts.position(|part| part.taken == Some(*message)) {
            Some(at) => self.parts.get_mut(at)?,
            None => {
                let part = self.parts.iter_mut().find(|part| part.taken.is_none())?;
                part.taken = Some(*message);
                part.ends = now.saturating_add(REPEAT);
                part
            }
        };
        let reply = part.reply.clone();
        Some(Taken::new(reply, self.waiting()))
    }
}

impl Part {
    fn new(reply: Reply, ends: Duration) -> Self {
        let bytes = serde_json::to_vec(&reply).map_or(0, |stored| stored.len());
        Self {
            bytes: PART + bytes,
            reply,
            ends,
            taken: None,
        }
    }
}

fn drop_parts(appid: &AppId, dropped: usize, reason: &'static str) {
    if dropped > 0 {
        count::not_picked_up(appid, dropped, reason);
        tracing::warn!(%appid, dropped, reason, "parts of late replies were never picked up");
    }
}

impl PickUpStore for PickUpMemory {
    async fn put(
        &self,
        appid: &AppId,
        openid: &str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> Result<usize, BoxError> {
        let user = (appid.clone(), openid.into());
        Ok(self.add(&user, parts, max_parts, max_age))
    }

    async fn take(
        &self,
        appid: &AppId,
        openid: &str,
        message: &OnceKey,
    ) -> Result<Option<Taken>, BoxError> {
        if self.state().users.is_empty() {
            return Ok(None);
        }
        let user = (appid.clone(), openid.into());
        Ok(self.next(&user, message))
    }
}

impl fmt::Debug for PickUpMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("PickUpMemory")
            .field("users", &state.users.len())
            .field("bytes", &state.bytes)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}
