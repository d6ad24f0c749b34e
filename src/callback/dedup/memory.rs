//! What this process knows of the pushes it has seen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::callback::dedup::key;
use crate::callback::dedup::store::SharedStore;
use crate::callback::memory::fingerprint::{FingerprintMap, Fingerprints};
use crate::callback::memory::ttl_ring::TtlRing;
use crate::callback::verify::replay::{Claim as SignatureClaim, Delivery};
use crate::callback::{Message, Reply};
use crate::clock::{Clock, SharedClock};
use crate::runtime::SharedRuntime;

/// The most callers that wait for one run. The platform sends a push three times.
const WAITERS_MAX: usize = 8;

/// How many replies are kept. A reply is needed for as long as the platform may send its
/// push again: some seconds.
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
    running: FingerprintMap<Running>,
    /// How many of them are an app's.
    apps: FingerprintMap<usize>,
    /// With the number of its reply each, or 0 for `success`.
    finished: TtlRing,
    replies: Replies,
}

impl State {
    /// Ends a run.
    fn end(&mut self, key: u64, app: u64) -> Option<Running> {
        let ended = self.running.remove(&key);
        if let Some(of_app) = self.apps.get_mut(&app) {
            *of_app = of_app.saturating_sub(1);
            if *of_app == 0 {
                self.apps.remove(&app);
            }
        }
        ended
    }
}

/// What is known of a run.
#[derive(Default)]
struct Running {
    waiters: Vec<oneshot::Sender<Reply>>,
    /// The signatures of the pushes that joined, also of those whose sender has gone: they are used
    /// up with the run.
    joined: Vec<SignatureClaim>,
}

/// The last replies that are not `success`, which are numbered from 1 on.
#[derive(Default)]
struct Replies {
    kept: VecDeque<Reply>,
    /// How many there were before these.
    before: u64,
}

impl Replies {
    /// Keeps a reply, and says its number.
    fn put(&mut self, reply: &Reply) -> u64 {
        if reply.is_empty() {
            return 0;
        }
        if self.kept.len() >= REPLIES_MAX {
            self.kept.pop_front();
            self.before += 1;
        }
        self.kept.push_back(reply.clone());
        self.before + self.kept.len() as u64
    }

    /// The reply of a number; `success` if it is too long ago.
    fn get(&self, number: u64) -> Reply {
        let at = number.checked_sub(self.before + 1);
        let reply = at.and_then(|at| self.kept.get(usize::try_from(at).ok()?));
        reply.cloned().unwrap_or_else(Reply::none)
    }
}

/// What to do with a push.
pub(super) enum Verdict {
    /// It is new: run it. Until the claim is given back, it is the only one.
    Run(Claim),
    /// It is running: wait for its reply. No reply comes if it fails.
    Join(oneshot::Receiver<Reply>),
    /// It is finished.
    Finished(Reply),
    /// It cannot be run now: there is no room for it, or it is a copy of one that has just failed.
    Full,
}

impl Memory {
    pub(super) fn new(window: Duration, capacity: usize, max_running: usize) -> Self {
        Self {
            fingerprints: Fingerprints::default(),
            max_running,
            state: Mutex::new(State {
                running: FingerprintMap::default(),
                apps: FingerprintMap::default(),
                finished: TtlRing::new(window, capacity),
                replies: Replies::default(),
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
        let (memory, now) = (&self.memory, self.clock.monotonic());
        // Before the lock, and given back after it unless the push is run or joins.
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
            // That it was handled is forgotten.
            Delivery::Repeat { handled: true } => return Verdict::Finished(Reply::none()),
            // Its run has just failed, which the callback is about to learn.
            Delivery::Repeat { handled: false } => return Verdict::Full,
            Delivery::First { .. } | Delivery::Parsed => {}
        }
        let app = memory.fingerprints.of(message.appid());
        let of_app = apps.entry(app).or_default();
        if *of_app >= memory.max_running {
            return Verdict::Full;
        }
        *of_app += 1;
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

/// The right to run a push. Whoever waits for it learns that it failed when this is dropped, and
/// the next push like it is run.
pub(super) struct Claim {
    pub(super) shared: Arc<Shared>,
    /// Of the push that is run: it is used up also if its response is gone by then.
    signature: Option<SignatureClaim>,
    key: Option<u64>,
    app: u64,
    /// When it was given, unless the run has waited since then.
    now: Option<Duration>,
}

impl Claim {
    /// Notes that the run did not end at once.
    pub(super) fn wait(&mut self) {
        self.now = None;
    }

    /// Remembers the push as finished, and hands its reply to those who wait for it.
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
        let signatures = self.signature.take().into_iter().chain(joined);
        signatures.for_each(SignatureClaim::succeed);
        for waiter in waiters {
            // One that is gone does not need it.
            let _ = waiter.send(reply.clone());
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            let ended = self.shared.memory.state().end(key, self.app);
            // Out of the lock, since this wakes those who wait.
            drop(ended);
        }
    }
}
