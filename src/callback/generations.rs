//! What was seen lately, in bounded memory.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::time::{Duration, SystemTime};

/// A map whose keys are random already.
pub(crate) type FingerprintMap<V> = HashMap<u64, V, BuildHasherDefault<AsIs>>;

/// Makes fingerprints of 64 bits, by a key that is another one in every process: without it nobody
/// can make two values with the same one. By chance a new value has the one of some value among
/// 200,000 in 1 of 10^14 cases.
#[derive(Clone, Default)]
pub(crate) struct Fingerprints(RandomState);

impl Fingerprints {
    pub(crate) fn of(&self, value: impl Hash) -> u64 {
        self.0.hash_one(value)
    }
}

/// Remembers what was put in for at least `age`, and at most twice that long, unless more than
/// `capacity` come within that time; then it is the last `capacity` at least.
///
/// There are two generations. Entries go into the young one; once it is old or full it takes the
/// place of the one before it, all of which is forgotten at once. So no entry is ever searched for
/// to be removed, and no push pays for the removal of many.
pub(crate) struct Generations<V> {
    young: FingerprintMap<V>,
    old: FingerprintMap<V>,
    since: SystemTime,
    age: Duration,
    capacity: usize,
}

impl<V> Generations<V> {
    pub(crate) fn new(age: Duration, capacity: usize) -> Self {
        Self {
            young: FingerprintMap::default(),
            old: FingerprintMap::default(),
            since: SystemTime::UNIX_EPOCH,
            age,
            capacity: capacity.max(1),
        }
    }

    pub(crate) fn get(&mut self, key: u64, now: SystemTime) -> Option<&V> {
        self.expire(now);
        self.young.get(&key).or_else(|| self.old.get(&key))
    }

    pub(crate) fn insert(&mut self, key: u64, value: V, now: SystemTime) {
        self.expire(now);
        if self.young.len() >= self.capacity {
            self.turn(now);
        }
        self.young.insert(key, value);
    }

    /// How many entries are held, those that are about to be forgotten included.
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    fn expire(&mut self, now: SystemTime) {
        // A clock that was set back starts the generation anew.
        let age = now.duration_since(self.since).unwrap_or_else(|_| {
            self.since = now;
            Duration::ZERO
        });
        if age < self.age {
            return;
        }
        if age < self.age.saturating_mul(2) {
            // As of when it was due, so that nothing outlives two ages however rarely this is
            // called.
            self.turn(self.since + self.age);
        } else {
            self.turn(now);
            self.old.clear();
        }
    }

    fn turn(&mut self, since: SystemTime) {
        std::mem::swap(&mut self.young, &mut self.old);
        self.young.clear();
        self.since = since;
    }
}

impl<V> fmt::Debug for Generations<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generations")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Takes a fingerprint for its own hash.
#[derive(Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AGE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + seconds)
    }

    #[test]
    fn an_entry_is_forgotten_after_its_age_and_before_twice_that() {
        let mut seen = Generations::new(AGE, 10);
        seen.insert(1, (), at(0));
        assert!(seen.get(1, at(60)).is_some());
        assert!(seen.get(1, at(120)).is_none());
        seen.insert(2, (), at(130));
        assert!(seen.get(2, at(1000)).is_none());
        assert_eq!(seen.len(), 0);
    }

    #[test]
    fn a_clock_that_is_set_back_forgets_nothing() {
        let mut seen = Generations::new(AGE, 10);
        seen.insert(1, (), at(1000));
        assert!(seen.get(1, at(0)).is_some());
        assert!(seen.get(1, at(60)).is_some());
        assert!(seen.get(1, at(120)).is_none());
    }

    #[test]
    fn a_million_entries_keep_it_small() {
        let mut seen = Generations::new(AGE, 1000);
        for key in 0..1_000_000 {
            seen.insert(key, (), at(0));
            assert!(seen.len() <= 2000);
        }
        assert!(seen.young.capacity() + seen.old.capacity() < 8 * 1000);
    }

    #[test]
    fn fingerprints_tell_values_apart_and_processes_too() {
        let (one, two) = (Fingerprints::default(), Fingerprints::default());
        assert_eq!(one.of(("a", "bc")), one.clone().of(("a", "bc")));
        assert_ne!(one.of(("a", "bc")), one.of(("ab", "c")));
        assert_ne!(one.of("a"), two.of("a"));
    }

    proptest! {
        /// Against a list that forgets nothing: what is within the age and the capacity is found,
        /// what is beyond twice both is not.
        #[test]
        fn it_agrees_with_a_list(steps in prop::collection::vec((0..40u64, 0..20u64), 1..200)) {
            let (mut seen, mut list, mut now) = (Generations::new(AGE, 8), Vec::new(), 0);
            for (key, pause) in steps {
                now += pause;
                let last = list.iter().rposition(|(known, _)| *known == key);
                let found = seen.get(key, at(now)).is_some();
                match last.map(|last| (list.len() - last, now - list[last].1)) {
                    None => prop_assert!(!found),
                    Some((after, age)) if after <= 8 && age < 60 => prop_assert!(found),
                    Some((_, age)) if age >= 120 => prop_assert!(!found),
                    Some(_) => {}
                }
                seen.insert(key, (), at(now));
                list.push((key, now));
                prop_assert!(seen.len() <= 16);
            }
        }
    }
}
