//! A bounded map whose entries expire.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Keeps at most `capacity` entries. The oldest are evicted beyond that.
pub(super) struct Expiring<K, V> {
    entries: HashMap<K, Kept<V>>,
    /// The keys in the order of their insertion, including some that were removed since. At most
    /// `capacity`.
    order: VecDeque<(K, u64)>,
    capacity: usize,
    inserted: u64,
}

struct Kept<V> {
    value: V,
    end: Duration,
    /// Distinguishes the entry from earlier ones with its key.
    number: u64,
}

impl<K: Copy + Eq + Hash, V> Expiring<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            capacity: capacity.max(1),
            inserted: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn get(&self, key: &K, now: Duration) -> Option<&V> {
        let kept = self.entries.get(key).filter(|kept| kept.end > now)?;
        Some(&kept.value)
    }

    /// Inserts or replaces an entry that expires at `end`.
    pub(super) fn put(&mut self, key: K, value: V, end: Duration, now: Duration) {
        if let Some(kept) = self.entries.get_mut(&key)
            && kept.end > now
        {
            (kept.value, kept.end) = (value, end);
            return;
        }
        self.make_room(now);
        self.inserted += 1;
        let number = self.inserted;
        self.order.push_back((key, number));
        self.entries.insert(key, Kept { value, end, number });
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// Drops the oldest entries that have expired, and one more if all places are taken.
    fn make_room(&mut self, now: Duration) {
        while let Some((key, number)) = self.order.front() {
            let kept = self.entries.get(key);
            let kept = kept.filter(|kept| kept.number == *number);
            let lives = kept.is_some_and(|kept| kept.end > now);
            if lives && self.order.len() < self.capacity {
                return;
            }
            if kept.is_some() {
                self.entries.remove(key);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_entry_expires_at_its_end_which_may_be_moved() {
        let mut map = Expiring::new(10);
        map.put(1, 'a', at(4), at(0));
        assert_eq!((map.get(&1, at(3)), map.get(&1, at(4))), (Some(&'a'), None));
        map.put(1, 'b', at(60), at(3));
        map.put(2, 'c', at(4), at(3));
        assert_eq!((map.get(&1, at(59)), map.len()), (Some(&'b'), 2));
        map.remove(&1);
        map.put(1, 'd', at(99), at(60));
        assert_eq!((map.get(&1, at(60)), map.len()), (Some(&'d'), 1));
    }

    #[test]
    fn the_last_entries_are_kept() {
        let mut map = Expiring::new(3);
        for number in 0..100 {
            map.put(number, (), at(9), at(0));
            map.put(number, (), at(9), at(0));
        }
        let kept: Vec<_> = (0..100)
            .filter(|key| map.get(key, at(0)).is_some())
            .collect();
        assert_eq!(kept, [97, 98, 99]);
    }

    #[test]
    fn removed_keys_take_bounded_memory() {
        let mut map = Expiring::new(3);
        map.put(0, (), at(9), at(0));
        for number in 1..100 {
            map.put(number, (), at(9), at(0));
            map.remove(&number);
            assert!(map.order.len() <= 3 && map.len() <= 3);
        }
    }
}
