//! The pushes that this process has seen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::callback::dedup::key;
use crate::callback::dedup::push_key::{Life, PushKey};
use crate::callback::dedup::replies::Replies;
use crate::callback::dedup::store::{SharedClaim, SharedStore};
use crate::callback::memory::app_counts::{AppCounts, Counted};
use crate::callback::memory::fingerprint::{FingerprintMap, Fingerprints};
use crate::callback::memory::ttl_ring::TtlRing;
use crate::callback::verify::replay::{Claim as SignatureClaim, Delivery};
use crate::callback::{Message, Reply};
use crate::clock::{Clock, SharedClock};
use crate::runtime::SharedRuntime;

/// The maximum number of pushes that wait for one run. The platform sends a push three times.
const WAITERS_MAX: usize = 8;

/// The state that the clones of a service share.
pub(super) struct Shared {
    pub(super) memory: Memory,
    pub(super) clock: SharedClock,
    pub(super) runtime: Option<SharedRuntime>,
    pub(super) store: Option<SharedStore>,
    /// How long a finished push is remembered at least.
    pub(super) window: Duration,
}

pub(super) struct Memory {
    fingerprints: Fingerprints,
    max_running: usize,
    state: Mutex<State>,
}

struct State {
    running: FingerprintMap<Running>,
    /// The number of running pushes of each app.
    apps: AppCounts,
    /// The value of each is the number of its reply, or 0 for `success`.
    finished: TtlRing,
    replies: Replies,
}

impl State {
    /// Removes a run.
    fn end(&mut self, key: u64, app: Counted) -> Option<Running> {
        let ended = self.running.remove(&key);
        self.apps.decrement(app);
        ended
    }
}

/// The state of a run.
#[derive(Default)]
struct Running {
    waiters: Vec<oneshot::Sender<Reply>>,
    /// The signatures of the pushes that joined, including those that have disconnected. They are
    /// used up when the run succeeds.
    joined: Vec<SignatureClaim>,
}

/// The action for a push.
pub(super) enum Verdict {
    /// The push is new: run it. While the claim exists, no other run of the push starts.
    Run(Claim),
    /// The push is running: wait for its reply. The channel closes if the run fails.
    Join(oneshot::Receiver<Reply>),
    /// The push is finished.
    Finished(Reply),
    /// The push cannot run: a limit is reached, or it is a copy of a push that has just failed.
    Full,
}

impl Memory {
    pub(super) fn new(window: Duration, capacity: usize, max_running: usize) -> Self {
        Self {
            fingerprints: Fingerprints::default(),
            max_running,
            state: Mutex::new(State {
                running: FingerprintMap::default(),
                apps: AppCounts::default(),
                finished: TtlRing::new(window, capacity),
                replies: Replies::default(),
            }),
        }
    }

    /// Returns the number of running pushes and of remembered finished pushes.
    pub(super) fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.running.len(), state.finished.len())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Returns the claim of a new push in the store, and how long it is remembered there.
    pub(super) fn of_store(&self, message: &Message) -> Option<(SharedClaim, Life)> {
        let store = self.store.as_ref()?;
        if !store.is_available() {
            return None;
        }
        let store = store.clone();
        let claim = SharedClaim::new(store, self.runtime.clone(), PushKey::from_message(message));
        Some((claim, Life::new(message, self.window)))
    }

    /// Tells the store about a push that needs no claim: other instances must not accept its
    /// signature with another body.
    pub(super) fn recognized(&self, message: &Message) {
        if let Some(store) = &self.store
            && message.delivery().unsigned().is_some()
            && store.is_available()
        {
            store.remember(PushKey::from_message(message), self.runtime.as_ref());
        }
    }

    pub(super) fn meet(self: &Arc<Self>, message: &Message) -> Verdict {
        let (memory, now) = (&self.memory, self.clock.monotonic());
        // Acquired before the lock on `state`, and released after it, so that the two locks are
        // never nested. Kept if the push runs or joins a run.
        let signature = message.delivery().hold_deduplicated();
        let key = key::fingerprint(&memory.fingerprints, message);
        let mut state = memory.state();
        let State {
            running,
            apps,
            finished,
            replies,
        } = &mut *state;
        if let Some(Running { waiters, joined }) = running.get_mut(&key) {
            // The connection of a closed one has ended, so it does not count.
            waiters.retain(|waiter| !waiter.is_closed());
            if waiters.len() >= WAITERS_MAX {
                return Verdict::Full;
            }
            let (waiter, reply) = oneshot::channel();
            waiters.push(waiter);
            if joined.len() < WAITERS_MAX {
                joined.extend(signature);
            }
            return Verdict::Join(reply);
        }
        if let Some(reply) = finished.get(key, now) {
            return Verdict::Finished(replies.get(reply));
        }
        match message.delivery() {
            // The push was handled, but its entry was evicted.
            Delivery::Repeat { handled: true } => return Verdict::Finished(Reply::none()),
            // The run has just failed, and the callback has not released the signature yet.
            Delivery::Repeat { handled: false } => return Verdict::Full,
            _ => {}
        }
        let Some(app) = apps.increment(message.appid(), memory.max_running) else {
            return Verdict::Full;
        };
        running.insert(key, Running::default());
        Verdict::Run(Claim {
            shared: Arc::clone(self),
            signature,
            key: Some(key),
            app,
            now: Some(now),
        })
    }
}

/// The right to run a push. If it is dropped unfinished, the waiting pushes are notified of the
/// failure, and the next push with the same key runs.
pub(super) struct Claim {
    pub(super) shared: Arc<Shared>,
    /// The signature of the push that runs. It is used up even if the response was dropped.
    signature: Option<SignatureClaim>,
    key: Option<u64>,
    app: Counted,
    /// When the claim was granted; `None` once the run was pending.
    now: Option<Duration>,
}

impl Claim {
    /// Records that the run did not complete at once, so the clock must be read again.
    pub(super) fn wait(&mut self) {
        self.now = None;
    }

    /// Marks the push as finished and sends its reply to the waiting pushes.
    pub(super) fn finish(mut self, reply: &Reply) {
        let Some(key) = self.key.take() else { return };
        let now = self.now.unwrap_or_else(|| self.shared.clock.monotonic());
        let ended = {
            let mut state = self.shared.memory.state();
            let State {
                finished, replies, ..
            } = &mut *state;
            finished.insert(key, replies.put(reply), now);
            state.end(key, self.app)
        };
        let Running { waiters, joined } = ended.unwrap_or_default();
        // After the lock, as in `meet`: the memory of signatures has its own.
        let signatures = self.signature.take().into_iter().chain(joined);
        signatures.for_each(SignatureClaim::succeed);
        for waiter in waiters {
            // The receiver may have disconnected.
            let _ = waiter.send(reply.clone());
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            let ended = self.shared.memory.state().end(key, self.app);
            // Dropped outside the lock: this wakes the waiting pushes.
            drop(ended);
        }
    }
}
