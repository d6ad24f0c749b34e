//! The state of a store that belongs to one process: which entries there are, and which may run.
//!
//! The state is kept in memory. It does no I/O and has no clock: `now` is monotonic time.

mod dead;
mod finished;
mod letters;
mod slot;

pub(super) use self::dead::Letter;
use self::slot::Payload;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use self::dead::DeadLetters;
use self::finished::Finished;
use self::slot::{Slot, State};
use super::store::{Contents, EntryKey};
use crate::callback::dedup::DedupKey;
use crate::callback::memory::fingerprint::{FingerprintMap, Fingerprints};
use crate::store::Owner;

/// The estimated size of an entry without its payload, in bytes.
const OVERHEAD: usize = 256;

/// The entries of a store, by their number in the order of their arrival.
pub(super) struct Index {
    slots: BTreeMap<u64, Slot>,
    keys: HashMap<DedupKey, u64>,
    /// The entries of each user.
    lanes: FingerprintMap<BTreeSet<u64>>,
    fingerprints: Fingerprints,
    /// The first entries of the lanes that may run now.
    ready: BTreeSet<u64>,
    /// The entries in a pause, and the held ones, by its end.
    ends: BTreeSet<(Duration, u64)>,
    finished: Finished,
    dead: DeadLetters,
    next: u64,
    bytes: usize,
    cached: usize,
    limits: Limits,
}

/// The limits of an [`Index`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many bytes all entries may take.
    pub(super) bytes: usize,
    /// How many bytes of payloads are kept in memory.
    pub(super) cache: usize,
}

/// The result of reserving a place for an entry.
pub(super) enum Reserved {
    /// The entry is to be written under this number.
    New(u64),
    /// The same entry is being written.
    Writing,
    /// The caller holds the entry.
    Held,
    Known,
    Full,
}

/// An entry that was taken.
pub(super) struct Claimed {
    pub(super) number: u64,
    pub(super) key: Arc<EntryKey>,
    pub(super) payload: Option<Bytes>,
    pub(super) attempt: u32,
    /// Whether the entry was there when the store was opened.
    pub(super) is_left_over: bool,
}

/// An entry that its owner is about to change.
pub(super) struct HeldEntry {
    pub(super) number: u64,
    pub(super) payload: Option<Bytes>,
    pub(super) attempts: u32,
    pub(super) stored: SystemTime,
}

/// What a change of an entry needs to be written.
pub(super) struct Removed {
    pub(super) number: u64,
    /// Finished keys that are no longer kept.
    pub(super) forgotten: Vec<DedupKey>,
}

impl Index {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            slots: BTreeMap::new(),
            keys: HashMap::new(),
            lanes: FingerprintMap::default(),
            fingerprints: Fingerprints::default(),
            ready: BTreeSet::new(),
            ends: BTreeSet::new(),
            finished: Finished::default(),
            dead: DeadLetters::default(),
            next: 1,
            bytes: 0,
            cached: 0,
            limits,
        }
    }

    /// Adds an entry that was found when the store was opened. Returns whether its key is new.
    pub(super) fn restore(
        &mut self,
        number: u64,
        key: EntryKey,
        payload: Bytes,
        attempts: u32,
        stored: SystemTime,
    ) -> bool {
        self.next = self.next.max(number.saturating_add(1));
        if self.keys.contains_key(&key.dedup) {
            return false;
        }
        let mut slot = Slot::new(key, self.payload(payload), stored, State::Waiting);
        (slot.attempts, slot.is_left_over) = (attempts, true);
        self.insert(number, slot);
        true
    }

    /// Adds a finished key that was found when the store was opened.
    pub(super) fn restore_finished(&mut self, key: DedupKey, end: Duration) {
        self.finished.put(key, end, Duration::ZERO);
    }

    /// Reserves a place for an entry. It must be [committed](Self::commit) or
    /// [aborted](Self::abort).
    pub(super) fn reserve(
        &mut self,
        key: &EntryKey,
        payload: &Bytes,
        holder: Option<(Owner, Duration)>,
        stored: SystemTime,
        now: Duration,
    ) -> Reserved {
        if let Some(number) = self.keys.get(&key.dedup) {
            return match (self.slots.get(number).map(|slot| &slot.state), holder) {
                (Some(State::Writing { .. }), _) => Reserved::Writing,
                (Some(State::Held { owner, .. }), Some((holder, _))) if *owner == holder => {
                    Reserved::Held
                }
                _ => Reserved::Known,
            };
        }
        if self.finished.contains(&key.dedup, now) {
            return Reserved::Known;
        }
        let size = payload.len().saturating_add(OVERHEAD);
        if self.bytes.saturating_add(size) > self.limits.bytes {
            return Reserved::Full;
        }
        Reserved::New(self.enter(key, payload, stored, State::Writing { holder }))
    }

    /// Makes a written entry available, unless its holder has finished it meanwhile.
    pub(super) fn commit(&mut self, number: u64) {
        let Some(slot) = self.slots.get(&number) else {
            return;
        };
        if let State::Writing { holder } = slot.state {
            let state = match holder {
                Some((owner, until)) => State::Held { owner, until },
                None => State::Waiting,
            };
            self.set(number, state);
        }
    }

    /// Removes an entry that could not be written.
    pub(super) fn abort(&mut self, number: u64) {
        if let Some(slot) = self.slots.get(&number)
            && matches!(slot.state, State::Writing { .. })
        {
            self.remove(number);
        }
    }

    pub(super) fn is_known(&mut self, key: &DedupKey, now: Duration) -> bool {
        self.keys.contains_key(key) || self.finished.contains(key, now)
    }

    /// Takes the oldest entry that may run, or returns the time of the next one in a pause.
    pub(super) fn take(
        &mut self,
        owner: Owner,
        until: Duration,
        now: Duration,
    ) -> Result<Claimed, Option<Duration>> {
        while let Some((end, number)) = self.ends.first().copied()
            && end <= now
        {
            self.set(number, State::Waiting);
        }
        let Some(number) = self.ready.first().copied() else {
            let next = self.ends.first().map(|(end, _)| end.saturating_sub(now));
            return Err(next);
        };
        self.set(number, State::Held { owner, until });
        let Some(slot) = self.slots.get_mut(&number) else {
            return Err(None);
        };
        slot.attempts = slot.attempts.saturating_add(1);
        Ok(Claimed {
            number,
            key: Arc::clone(&slot.key),
            payload: slot.payload.bytes(),
            attempt: slot.attempts,
            is_left_over: slot.is_left_over,
        })
    }

    /// Gives back an entry whose payload could not be read.
    pub(super) fn give_back(&mut self, number: u64, until: Duration) {
        if let Some(slot) = self.slots.get_mut(&number) {
            slot.attempts = slot.attempts.saturating_sub(1);
            self.set(number, State::Paused { until });
        }
    }

    pub(super) fn renew(&mut self, key: &DedupKey, owner: &Owner, until: Duration) -> bool {
        let Some(number) = self.held(key, owner) else {
            return false;
        };
        match self.slots.get_mut(&number).map(|slot| &mut slot.state) {
            Some(State::Writing {
                holder: Some((_, end)),
            }) => *end = until,
            _ => self.set(
                number,
                State::Held {
                    owner: *owner,
                    until,
                },
            ),
        }
        true
    }

    /// Removes an entry whose key stays known until `end`.
    pub(super) fn finish(
        &mut self,
        key: &DedupKey,
        owner: &Owner,
        end: Duration,
        now: Duration,
    ) -> Option<Removed> {
        let number = self.held(key, owner)?;
        self.remove(number);
        let forgotten = self.finished.put(*key, end, now);
        Some(Removed { number, forgotten })
    }

    /// Returns an entry to its place. Returns its number and how often it was tried.
    pub(super) fn retry(
        &mut self,
        key: &DedupKey,
        owner: &Owner,
        until: Duration,
        payload: Option<&Bytes>,
    ) -> Option<(u64, u32)> {
        let number = self.held(key, owner)?;
        if let Some(payload) = payload {
            let slot = self.slots.get_mut(&number)?;
            let size = slot.payload.len();
            let cached = slot.payload.cached();
            self.bytes = self.bytes.saturating_sub(size);
            self.cached = self.cached.saturating_sub(cached);
            let payload = self.payload(payload.clone());
            self.bytes += payload.len();
            self.slots.get_mut(&number)?.payload = payload;
        }
        self.set(number, State::Paused { until });
        Some((number, self.slots.get(&number)?.attempts))
    }

    /// Returns an entry that is held.
    pub(super) fn held_entry(&self, key: &DedupKey, owner: &Owner) -> Option<HeldEntry> {
        let number = self.held(key, owner)?;
        let slot = self.slots.get(&number)?;
        Some(HeldEntry {
            number,
            payload: slot.payload.bytes(),
            attempts: slot.attempts,
            stored: slot.stored,
        })
    }

    pub(super) fn contents(&self, now: SystemTime) -> Contents {
        let depth = u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        let oldest = self.slots.values().next();
        let oldest = oldest.map(|slot| now.duration_since(slot.stored).unwrap_or_default());
        Contents::new(depth, oldest, self.dead.len(now))
    }

    /// Returns the number of an entry if `owner` holds it.
    fn held(&self, key: &DedupKey, owner: &Owner) -> Option<u64> {
        let number = *self.keys.get(key)?;
        let holder = match &self.slots.get(&number)?.state {
            State::Held { owner, .. } => owner,
            State::Writing {
                holder: Some((owner, _)),
            } => owner,
            _ => return None,
        };
        (holder == owner).then_some(number)
    }

    /// Adds an entry under a new number.
    fn enter(&mut self, key: &EntryKey, payload: &Bytes, stored: SystemTime, state: State) -> u64 {
        let number = self.next;
        self.next += 1;
        let payload = self.payload(payload.clone());
        self.insert(number, Slot::new(key.clone(), payload, stored, state));
        number
    }

    /// Decides whether a payload stays in memory.
    fn payload(&mut self, bytes: Bytes) -> Payload {
        let fits = self.cached.saturating_add(bytes.len()) <= self.limits.cache;
        let payload = Payload::new(bytes, fits);
        self.cached += payload.cached();
        payload
    }

    /// Inserts a slot whose payload is counted in `cached` already.
    fn insert(&mut self, number: u64, mut slot: Slot) {
        let key = &slot.key;
        slot.lane = match key.openid.is_empty() {
            true => self.fingerprints.of(key.dedup),
            false => self.fingerprints.of((&key.appid, &key.openid)),
        };
        self.keys.insert(key.dedup, number);
        self.bytes += slot.payload.len() + OVERHEAD;
        let lane = slot.lane;
        self.lanes.entry(lane).or_default().insert(number);
        self.slots.insert(number, slot);
        self.promote(lane);
    }

    fn remove(&mut self, number: u64) {
        let Some(slot) = self.slots.remove(&number) else {
            return;
        };
        self.keys.remove(&slot.key.dedup);
        self.bytes = self.bytes.saturating_sub(slot.payload.len() + OVERHEAD);
        self.cached = self.cached.saturating_sub(slot.payload.cached());
        self.ready.remove(&number);
        if let Some(end) = slot.state.end() {
            self.ends.remove(&(end, number));
        }
        if let Some(lane) = self.lanes.get_mut(&slot.lane) {
            lane.remove(&number);
            if lane.is_empty() {
                self.lanes.remove(&slot.lane);
            }
        }
        self.promote(slot.lane);
    }

    fn set(&mut self, number: u64, state: State) {
        let Some(slot) = self.slots.get_mut(&number) else {
            return;
        };
        if let Some(end) = slot.state.end() {
            self.ends.remove(&(end, number));
        }
        if let Some(end) = state.end() {
            self.ends.insert((end, number));
        }
        slot.state = state;
        let lane = slot.lane;
        self.ready.remove(&number);
        self.promote(lane);
    }

    /// Makes the first entry of a lane ready if it waits.
    fn promote(&mut self, lane: u64) {
        if let Some(first) = self.lanes.get(&lane).and_then(BTreeSet::first)
            && let Some(slot) = self.slots.get(first)
            && matches!(slot.state, State::Waiting)
        {
            self.ready.insert(*first);
        }
    }
}

#[cfg(test)]
mod tests;
