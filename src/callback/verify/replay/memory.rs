//! The signatures that a callback has seen.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::app::AppId;
use crate::callback::memory::fingerprint::{FingerprintMap, Fingerprints};
use crate::callback::memory::ttl_ring::TtlRing;
use crate::callback::metrics;
use crate::callback::verify::signature::Signature;

/// How long a signature is remembered if timestamps are not checked: as for the default window of
/// ten minutes each way.
pub(super) const AGE: Duration = Duration::from_secs(1200);

const SECOND: Duration = Duration::from_secs(1);

/// How many signatures are remembered: enough for about 80 pushes a second at the default age.
const CAPACITY: usize = 100_000;

/// Remembers signatures for as long as their timestamps are fresh.
///
/// A signature identifies the joined timestamp and nonce: every other
/// [reading](crate::callback::verify::readings) has the same signature. Only a sender who knows the
/// token can add one.
#[derive(Clone)]
pub(crate) struct Replays(Arc<Shared>);

struct Shared {
    appid: AppId,
    age: Duration,
    fingerprints: Fingerprints,
    state: Mutex<State>,
    forgotten: AtomicU64,
}

struct State {
    seen: TtlRing,
    /// The signatures whose handler is running.
    running: FingerprintMap<Run>,
    /// The number of runs, which distinguishes successive runs of one signature.
    runs: u32,
}

/// Identifies a run of a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunId {
    key: u64,
    number: u32,
    /// Whether the signature covers the body of its push.
    covers_body: bool,
}

struct Run {
    id: RunId,
    admitted: Duration,
    /// The number of holders: the response, and work that outlives it.
    holders: u32,
    deduplicated: bool,
}

/// What a signature was seen with; the value of a [`TtlRing`] entry.
#[derive(Clone, Copy)]
struct Seen(u64);

impl Seen {
    const USED: u64 = 1;
    const DEDUPLICATED: u64 = 2;
    const FLAGS: u64 = Self::USED | Self::DEDUPLICATED;

    /// The signature covers the body, so no body is stored.
    const SIGNED: Self = Self(0);
    /// The signature verified the URL.
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

/// The action for a push.
pub(crate) enum Admission<T> {
    /// The signature is new: run the handler.
    New(T),
    /// A handler behind a [`Dedup`](crate::callback::dedup::Dedup) is running with this signature
    /// or has handled it. Pass the push on as a repeat, which starts no run.
    Repeat { handled: bool },
    /// A handler is running with this signature, and its run cannot be joined.
    Running,
    /// A handler has succeeded with this signature.
    Handled,
    /// The signature was seen with another body, or without one.
    OtherBody,
}

impl Replays {
    /// Creates a memory for timestamps within `window` of the local clock, in either direction.
    pub(crate) fn new(appid: AppId, window: Option<Duration>, capacity: Option<usize>) -> Self {
        // A timestamp from the future is accepted until it is equally far in the past. The extra
        // second is for clocks in whole seconds.
        let life = |window: Duration| window.saturating_mul(2).saturating_add(SECOND);
        let age = window.map_or(AGE, life);
        Self(Arc::new(Shared {
            appid,
            age,
            fingerprints: Fingerprints::default(),
            state: Mutex::new(State {
                seen: TtlRing::new(age, capacity.unwrap_or(CAPACITY)),
                running: FingerprintMap::default(),
                runs: 0,
            }),
            forgotten: AtomicU64::default(),
        }))
    }

    /// Returns how long a signature is remembered.
    pub(super) fn age(&self) -> Duration {
        self.0.age
    }

    /// Returns how many signatures were evicted early.
    pub(crate) fn forgotten(&self) -> u64 {
        self.0.forgotten.load(Ordering::Relaxed)
    }

    /// Starts the run of a push at a monotonic time, if its signature is new. `unsigned` is the
    /// body if the signature does not cover it.
    pub(super) fn begin(
        &self,
        signature: Signature,
        unsigned: Option<&[u8]>,
        now: Duration,
    ) -> Admission<RunId> {
        // A verified signature is a SHA-1 digest with a secret token, so its bits are uniform.
        let key = signature.low_bits();
        let mut state = self.state();
        let known = state.seen.get(key, now).map(Seen);
        let body = unsigned.map(|body| Seen::with_body(self.0.fingerprints.of(body)));
        // Checked first, so that a forged body is never treated as a repeat of the signed one.
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
        let id = RunId {
            key,
            number: *runs,
            covers_body: body.is_none(),
        };
        place.insert(Run {
            id,
            admitted: now,
            holders: 1,
            deduplicated: false,
        });
        // A body that is not signed is bound to its signature at once, even if its handler fails
        // later.
        let forgets = match (known, body) {
            (None, Some(body)) => seen.insert(key, body.0, now),
            _ => false,
        };
        // Counting can log, so the lock is released first.
        drop(state);
        self.count(forgets);
        Admission::New(id)
    }

    /// Remembers a signature that verified the URL, so that it is refused with any body.
    pub(crate) fn take_without_body(&self, signature: Signature, now: Duration) {
        let key = signature.low_bits();
        let mut state = self.state();
        let forgets =
            state.seen.get(key, now).is_none() && state.seen.insert(key, Seen::NO_BODY.0, now);
        drop(state);
        self.count(forgets);
    }

    /// Adds a holder to a run, and records whether the holder deduplicates.
    pub(super) fn hold(&self, id: RunId, deduplicates: bool) -> bool {
        self.state().run(id).is_some_and(|run| {
            run.holders += 1;
            run.deduplicated |= deduplicates;
            true
        })
    }

    /// Uses up the signature of a run whose handler succeeded.
    pub(super) fn succeed(&self, id: RunId) {
        let key = id.key;
        let mut state = self.state();
        let State { seen, running, .. } = &mut *state;
        let run = match running.entry(key) {
            Entry::Occupied(run) if run.get().id == id => run.remove(),
            _ => return,
        };
        // The timestamp was fresh at admission, so the entry's age is counted from there.
        let now = run.admitted;
        let used = |known| Seen(known).used(run.deduplicated).0;
        let forgets = !seen.update(key, now, used) && seen.insert(key, used(Seen::SIGNED.0), now);
        drop(state);
        self.count(forgets);
    }

    /// Removes a holder. The signature is released with the last one.
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
                "evicted signatures whose pushes can still be replayed: raise replay_capacity or \
                 lower timestamp_window"
            );
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunId {
    /// Returns the last bits of the signature, if it does not cover the body.
    pub(super) fn unsigned(self) -> Option<u64> {
        (!self.covers_body).then_some(self.key)
    }
}

impl State {
    fn run(&mut self, id: RunId) -> Option<&mut Run> {
        let run = self.running.get_mut(&id.key);
        run.filter(|run| run.id == id)
    }
}
