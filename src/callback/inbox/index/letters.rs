//! What happens to dead letters.

use std::time::SystemTime;

use bytes::Bytes;

use super::dead::Letter;
use super::slot::State;
use super::{Index, OVERHEAD};
use crate::callback::dedup::DedupKey;
use crate::callback::inbox::store::EntryKey;
use crate::store::Owner;

impl Index {
    /// Adds a dead letter that was found when the store was opened. Returns whether its key is new.
    pub(in crate::callback::inbox) fn restore_dead(&mut self, number: u64, letter: Letter) -> bool {
        self.next = self.next.max(number.saturating_add(1));
        if self.keys.contains_key(&letter.key.dedup) {
            return false;
        }
        self.keys.insert(letter.key.dedup, number);
        self.bytes += letter.size + OVERHEAD;
        self.dead.insert(number, letter);
        true
    }

    /// Makes an entry a dead letter. Returns the numbers of those that are dropped for it.
    pub(in crate::callback::inbox) fn bury(
        &mut self,
        key: &DedupKey,
        owner: &Owner,
        letter: Letter,
        max: usize,
    ) -> Option<(u64, Vec<u64>)> {
        let number = self.held(key, owner)?;
        self.remove(number);
        self.keys.insert(*key, number);
        self.bytes += letter.size + OVERHEAD;
        let now = letter.since;
        self.dead.insert(number, letter);
        let dropped = self.dead.beyond(max, now);
        for number in &dropped {
            self.drop_letter(*number);
        }
        Some((number, dropped))
    }

    /// Returns the dead letters that have not expired at `now`, the oldest first.
    pub(in crate::callback::inbox) fn letters(
        &self,
        max: usize,
        now: SystemTime,
    ) -> Vec<(u64, Letter)> {
        self.dead.list(max, now)
    }

    /// Returns the dead letter with this key.
    pub(in crate::callback::inbox) fn letter(&self, key: &DedupKey) -> Option<(u64, Letter)> {
        let number = self.keys.get(key)?;
        Some((*number, self.dead.get(*number)?.clone()))
    }

    /// Makes a dead letter an entry that is being written, under a new number. It has its place
    /// already, so it fits. Returns the new number, and the dead letter, for a write that fails.
    pub(in crate::callback::inbox) fn revive(
        &mut self,
        key: &EntryKey,
        payload: &Bytes,
        stored: SystemTime,
    ) -> Option<(u64, Letter)> {
        let letter = self.drop_letter(*self.keys.get(&key.dedup)?)?;
        let state = State::Writing { holder: None };
        Some((self.enter(key, payload, stored, state), letter))
    }

    /// Removes a dead letter. Returns its number.
    pub(in crate::callback::inbox) fn discard(&mut self, key: &DedupKey) -> Option<u64> {
        let number = *self.keys.get(key)?;
        self.drop_letter(number).map(|_| number)
    }

    fn drop_letter(&mut self, number: u64) -> Option<Letter> {
        let letter = self.dead.remove(number)?;
        self.keys.remove(&letter.key.dedup);
        self.bytes = self.bytes.saturating_sub(letter.size + OVERHEAD);
        Some(letter)
    }
}
