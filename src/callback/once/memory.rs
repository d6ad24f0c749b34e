//! What this process knows of the pushes it has seen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use crate::callback::generations::{FingerprintMap, Fingerprints, Generations};
use crate::callback::{Message, Reply, once::key};

/// The most callers that wait for one run. The platform sends a push three times.
const WAITERS_MAX: usize = 8;

/// The most replies that are kept in each generation. A reply is needed for as long as the platform
/// may send its push again: some seconds.
const REPLIES_MAX: usize = 1024;

/// Shared by the clones of one service.
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

    pub(super) fn meet(self: &Arc<Self>, message: &Message, now: SystemTime) -> Verdict {
        let key = key::fingerprint(&self.fingerprints, message);
        let mut state = self.state();
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
        if running.len() >= self.max_running {
            return Verdict::Full;
        }
        running.insert(key, Vec::new());
        Verdict::Run(Claim {
            memory: Arc::clone(self),
            key: Some(key),
        })
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

/// The right to run a push. Whoever waits for it learns that it failed when this is dropped, and
/// the next push like it is run.
pub(super) struct Claim {
    memory: Arc<Memory>,
    key: Option<u64>,
}

impl Claim {
    /// Remembers the push as finished, and hands its reply to those who wait for it.
    pub(super) fn finish(mut self, reply: &Reply, now: SystemTime) {
        let Some(key) = self.key.take() else { return };
        let waiters = {
            let mut state = self.memory.state();
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
            let waiters = self.memory.state().running.remove(&key);
            // Out of the lock, since this wakes them.
            drop(waiters);
        }
    }
}
