//! The keys of finished entries.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::callback::dedup::DedupKey;

/// How many finished keys are kept. The oldest are forgotten beyond that.
const CAPACITY: usize = 100_000;

/// Keys that expire.
#[derive(Default)]
pub(super) struct Finished {
    ends: HashMap<DedupKey, Duration>,
    order: VecDeque<DedupKey>,
}

impl Finished {
    pub(super) fn contains(&self, key: &DedupKey, now: Duration) -> bool {
        self.ends.get(key).is_some_and(|end| *end > now)
    }

    /// Adds a key. Returns the keys that are forgotten: those that have expired, or the oldest.
    pub(super) fn put(&mut self, key: DedupKey, end: Duration, now: Duration) -> Vec<DedupKey> {
        if self.ends.insert(key, end).is_none() {
            self.order.push_back(key);
        }
        let mut forgotten = Vec::new();
        while let Some(oldest) = self.order.front().copied()
            && (self.order.len() > CAPACITY || !self.contains(&oldest, now))
            && oldest != key
        {
            self.order.pop_front();
            self.ends.remove(&oldest);
            forgotten.push(oldest);
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_until_its_end_and_then_forgotten() {
        let mut finished = Finished::default();
        let key = |byte| DedupKey::from_bytes([byte; 20]);
        let at = Duration::from_secs;
        assert!(finished.put(key(1), at(75), at(0)).is_empty());
        assert!(finished.contains(&key(1), at(74)) && !finished.contains(&key(1), at(75)));
        assert!(finished.put(key(1), at(75), at(80)).is_empty());
        assert_eq!(finished.put(key(2), at(155), at(80)), [key(1)]);
        assert!(!finished.contains(&key(1), at(0)));
    }
}
