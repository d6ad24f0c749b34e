//! The signatures of a callback that are known.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::app::AppId;
use crate::callback::memory::fingerprint::{FingerprintMap, Fingerprints};
use crate::callback::memory::ttl_ring::TtlRing;
use crate::callback::metrics;
use crate::callback::verify::signature::Signature;

/// How long a signature is remembered when its timestamp is not looked at.
const AGE: Duration = Duration::from_secs(1200);

const SECOND: Duration = Duration::from_secs(1);

/// How many signatures are remembered: some 80 pushes a second at the default age.
const CAPACITY: usize = 100_000;

/// Remembers signatures for as long as their timestamps are fresh.
///
/// A signature stands for its timestamp and nonce: it is the same for every other
/// [reading](crate::callback::verify::readings). Only a sender who knows the token can add one.
#[derive(Clone)]
pub(crate) struct Replays(Arc<Shared>);

struct Shared {
    appid: AppId,
    fingerprints: Fingerprints,
    state: Mutex<State>,
    forgotten: AtomicU64,
}

struct State {
    seen: TtlRing,
    /// Signatures whose handler runs.
    running: FingerprintMap<Run>,
    /// Tells a run from the next one of the same signature.
    runs: u32,
}

/// Tells a run of a signature from all others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunId {
    key: u64,
    number: u32,
}

struct Run {
    id: RunId,
    admitted: Duration,
    /// Those that see to it: the response, and what goes on without it.
    holders: u32,
    deduplicated: bool,
}

/// What a signature was seen with, as the value of a [`TtlRing`].
#[derive(Clone, Copy)]
struct Seen(u64);

impl Seen {
    const USED: u64 = 1;
    const DEDUPLICATED: u64 = 2;
    const FLAGS: u64 = Self::USED | Self::DEDUPLICATED;

    /// The signature covers the body.
    const SIGNED: Self = Self(0);
    /// The URL was verified with it.
    const NO_BODY: Self = Self(!Self::FLAGS);

    fn with_body(fingerprint: u64) -> Self {
        Self(fingerprint & !Self::FLAGS)
    }

    fn has_body_of(self, other: Self) -> bool {
        self.0 & !Self::FLAGS == other.0 & !Self::FLAGS
    }

    fn used(self, deduplicated: bool) -> Self {
        let flag = if deduplicated { Self::DEDUPLICATED } else { 0 };
        Self(self.0 | Self::USED | flag)
    }

    fn is(self, flag: u64) -> bool {
        self.0 & flag != 0
    }
}

/// What to do with a push.
pub(crate) enum Admission<T> {
    /// Its signature is new: hand it to the handler.
    New(T),
    /// A handler behind a [`Dedup`](crate::callback::dedup::Dedup) has it or had it: hand it on as a
    /// repeat, which starts no run.
    Repeat { handled: bool },
    /// A handler runs with it, and cannot be joined.
    Running,
    /// A handler succeeded with it.
    Handled,
    /// It came with another body, or with none.
    OtherBody,
}

impl Replays {
    /// For timestamps that are at most `window` from now, either way.
    pub(crate) fn new(appid: AppId, window: Option<Duration>, capacity: Option<usize>) -> Self {
        // One from the future is taken until it is as far in the past, by a clock of whole seconds.
        let life = |window: Duration| window.saturating_mul(2).saturating_add(SECOND);
        let age = window.map_or(AGE, life);
        Self(Arc::new(Shared {
            appid,
            fingerprints: Fingerprints::default(),
            state: Mutex::new(State {
                seen: TtlRing::new(age, capacity.unwrap_or(CAPACITY)),
                running: FingerprintMap::default(),
                runs: 0,
            }),
            forgotten: AtomicU64::default(),
        }))
    }

    /// How many signatures had to be forgotten before their time.
    pub(crate) fn forgotten(&self) -> u64 {
        self.0.forgotten.load(Ordering::Relaxed)
    }

    /// Begins the run of a push at a monotonic time, if its signature is new. Where the signature
    /// does not cover the body, `unsigned` is the body.
    pub(super) fn begin(
        &self,
        signature: Signature,
        unsigned: Option<&[u8]>,
        now: Duration,
    ) -> Admission<RunId> {
        // A signature that was verified is as good as random.
        let key = signature.low_bits();
        let mut state = self.state();
        let known = state.seen.get(key, now).map(Seen);
        let body = unsigned.map(|body| Seen::with_body(self.0.fingerprints.of(body)));
        if let (Some(known), Some(body)) = (known, body)
            && !known.has_body_of(body)
        {
            return Admission::OtherBody;
        }
        if let Some(known) = known
            && known.is(Seen::USED)
        {
            return match known.is(Seen::DEDUPLICATED) {
                true => Admission::Repeat { handled: true },
                false => Admission::Handled,
            };
        }
        let State {
            seen,
            running,
            runs,
        } = &mut *state;
        let place = match running.entry(key) {
            Entry::Vacant(place) => place,
            Entry::Occupied(run) => {
                return match run.get().deduplicated {
                    true => Admission::Repeat { handled: false },
                    false => Admission::Running,
                };
            }
        };
        *runs = runs.wrapping_add(1);
        let id = RunId { key, number: *runs };
        place.insert(Run {
            id,
            admitted: now,
            holders: 1,
            deduplicated: false,
        });
        let forgets = match (known, body) {
            (None, Some(body)) => seen.insert(key, body.0, now),
            _ => false,
        };
        drop(state);
        self.count(forgets);
        Admission::New(id)
    }

    /// Remembers a signature that verified the URL, so that it takes no body.
    pub(crate) fn take_without_body(&self, signature: Signature, now: Duration) {
        let key = signature.low_bits();
        let mut state = self.state();
        let forgets =
            state.seen.get(key, now).is_none() && state.seen.insert(key, Seen::NO_BODY.0, now);
        drop(state);
        self.count(forgets);
    }

    /// Counts one more holder of a run, and notes whether it is one that knows its message again.
    pub(super) fn hold(&self, id: RunId, deduplicates: bool) -> bool {
        self.state().run(id).is_some_and(|run| {
            run.holders += 1;
            run.deduplicated |= deduplicates;
            true
        })
    }

    /// Uses the signature of a run up: its handler succeeded.
    pub(super) fn succeed(&self, id: RunId) {
        let key = id.key;
        let mut state = self.state();
        let State { seen, running, .. } = &mut *state;
        let run = match running.entry(key) {
            Entry::Occupied(run) if run.get().id == id => run.remove(),
            _ => return,
        };
        // It was fresh when it was admitted, so it is remembered long enough from then on.
        let now = run.admitted;
        let used = |known| Seen(known).used(run.deduplicated).0;
        let forgets = !seen.update(key, now, used) && seen.insert(key, used(Seen::SIGNED.0), now);
        drop(state);
        self.count(forgets);
    }

    /// Counts one holder less. Without any the signature is free again.
    pub(super) fn release(&self, id: RunId) {
        let mut state = self.state();
        let Some(run) = state.run(id) else {
            return;
        };
        run.holders -= 1;
        if run.holders == 0 {
            state.running.remove(&id.key);
        }
    }

    fn count(&self, forgets: bool) {
        if !forgets {
            return;
        }
        let appid = &self.0.appid;
        metrics::forgotten(appid);
        if self.0.forgotten.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(
                %appid,
                "more pushes come than their signatures can be remembered for: the oldest can be \
                 replayed; raise replay_capacity or lower timestamp_window"
            );
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn run(&mut self, id: RunId) -> Option<&mut Run> {
        let run = self.running.get_mut(&id.key);
        run.filter(|run| run.id == id)
    }
}
