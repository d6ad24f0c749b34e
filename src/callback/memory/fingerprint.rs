//! Fingerprints, which identify values without storing them.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

/// A map whose keys are fingerprints. They are uniform already and are not hashed again.
pub(crate) type FingerprintMap<V> = HashMap<u64, V, BuildHasherDefault<AsIs>>;

/// Computes 64-bit fingerprints with a key that is random for each process. Without the key, an
/// attacker cannot construct two values with the same fingerprint. The probability that a new value
/// collides with one of 100,000 others is about 1 in 10^14.
#[derive(Clone, Default)]
pub(crate) struct Fingerprints(RandomState);

impl Fingerprints {
    pub(crate) fn of(&self, value: impl Hash) -> u64 {
        self.0.hash_one(value)
    }
}

/// A hasher that returns a fingerprint unchanged.
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
