//! What this process knows of the pushes it has seen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::callback::generations::{FingerprintMap, Fingerprints, Generations};
use crate::callback::once::key;
use crate::callback::once::store::SharedStore;
use crate::callback::{Message, Reply};
use crate::clock::{Clock, SharedClock};
use crate::runtime::SharedRuntime;

/// The most callers that wait for one run. The platform sends a push three times.
const WAITERS_MAX: usize = 8;

/// The most replies that are kept in each generation. A reply is needed for as long as the platform
/// may send its push again: some seconds.
const REPLIES_MAX: usize = 1024;

/// What the clones of one service share.
pub(super) struct Shared {
    pub(super) memory: Memory,
    pub(super) clock: SharedClock,
    pub(super) runtime: Option<SharedRuntime>,
    pub(super) store: Option<SharedStore>,
}

pub(super) struct Memory {
    fingerprints: Fingerprints,
    max_running: usize,
    state: Mutex<State>,
}

struct State {
    running: FingerprintMap<Vec<oneshot::Sender<Reply>>>,
    finished: Generations<()>,
    /// Of the finished ones, those whose reply is not `success`.
    replies: Generations<Reply>,
}

/// What to do with a push.
pub(super) enum Verdict {
    /// It is new: run it. Until the claim is given back, it is the only one.
    Run(Claim),
    /// It is running: wait for its reply. No reply comes if it fails.
    Join(oneshot::Receiver<Reply>),
    /// It is finished.
    Finished(Reply),
    /// It is new, and there is no room for it.
    Full,
}

impl Memory {
    pub(super) fn new(window: Duration, capacity: usize, max_running: usize) -> Self {
        Self {
            fingerprints: Fingerprints::default(),
            max_running,
            state: Mutex::new(State {
                running: FingerprintMap::default(),
                finished: Generations::new(window, capacity),
                replies: Generations::new(window, capacity.min(REPLIES_MAX)),
            }),
        }
    }

    /// How many pushes are running, and how many are remembered as finished.
    pub(super) fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.running.len(), state.finished.len())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    pub(super) fn meet(self: &Arc<Self>, message: &Message) -> Verdict {
        let (memory, now) = (&self.memory, self.clock.now());
        let key = key::fingerprint(&memory.fingerprints, message);
        let mut state = memory.state();
        let State {
            running,
            finished,
            replies,
        } = &mut *state;
        if let Some(waiters) = running.get_mut(&key) {
            waiters.retain(|waiter| !waiter.is_closed());
            if waiters.len() >= WAITERS_MAX {
                return Verdict::Full;
            }
            let (waiter, reply) = oneshot::channel();
            waiters.push(waiter);
            return Verdict::Join(reply);
        }
        if finished.get(key, now).is_some() {
            let reply = replies.get(key, now).cloned();
            return Verdict::Finished(reply.unwrap_or_else(Reply::none));
        }
        if running.len() >= memory.max_running {
            return Verdict::Full;
        }
        running.insert(key, Vec::new());
        Verdict::Run(Claim {
            shared: Arc::clone(self),
            key: Some(key),
        })
    }
}

/// The right to run a push. Whoever waits for it learns that it failed when this is dropped, and
/// the next push like it is run.
pub(super) struct Claim {
    pub(super) shared: Arc<Shared>,
    key: Option<u64>,
}

impl Claim {
    /// Remembers the push as finished, and hands its reply to those who wait for it.
    pub(super) fn finish(mut self, reply: &Reply) {
        let Some(key) = self.key.take() else { return };
        let now = self.shared.clock.now();
        let waiters = {
            let mut state = self.shared.memory.state();
            state.finished.insert(key, (), now);
            if !reply.is_empty() {
                state.replies.insert(key, reply.clone(), now);
            }
            state.running.remove(&key)
        };
        for waiter in waiters.into_iter().flatten() {
            // One that is gone does not need it.
            let _ = waiter.send(reply.clone());
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            let waiters = self.shared.memory.state().running.remove(&key);
            // Out of the lock, since this wakes them.
            drop(waiters);
        }
    }
}
