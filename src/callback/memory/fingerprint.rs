//! Fingerprints, by which values are told apart without being kept.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

/// A map whose keys are random already.
pub(crate) type FingerprintMap<V> = HashMap<u64, V, BuildHasherDefault<AsIs>>;

/// Makes fingerprints of 64 bits, by a key that is another one in every process: without it nobody
/// can make two values with the same one. By chance a new value has the one of some value among
/// 100,000 in 1 of 10^14 cases.
#[derive(Clone, Default)]
pub(crate) struct Fingerprints(RandomState);

impl Fingerprints {
    pub(crate) fn of(&self, value: impl Hash) -> u64 {
        self.0.hash_one(value)
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

    #[test]
    fn fingerprints_tell_values_apart_and_processes_too() {
        let (one, two) = (Fingerprints::default(), Fingerprints::default());
        assert_eq!(one.of(("a", "bc")), one.clone().of(("a", "bc")));
        assert_ne!(one.of(("a", "bc")), one.of(("ab", "c")));
        assert_ne!(one.of("a"), two.of("a"));
    }
}
