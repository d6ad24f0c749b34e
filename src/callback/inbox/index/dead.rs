//! The dead letters of the index.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use crate::callback::inbox::store::EntryKey;

/// A dead letter.
#[derive(Clone)]
pub(in crate::callback::inbox) struct Letter {
    pub(in crate::callback::inbox) key: Arc<EntryKey>,
    /// `None` if the payload is only in the file.
    pub(in crate::callback::inbox) payload: Option<Bytes>,
    /// The length of the payload.
    pub(in crate::callback::inbox) size: usize,
    pub(in crate::callback::inbox) attempts: u32,
    pub(in crate::callback::inbox) error: Arc<str>,
    pub(in crate::callback::inbox) since: SystemTime,
    pub(in crate::callback::inbox) expires: SystemTime,
}

#[derive(Default)]
pub(super) struct DeadLetters(BTreeMap<u64, Letter>);

impl DeadLetters {
    pub(super) fn insert(&mut self, number: u64, letter: Letter) {
        self.0.insert(number, letter);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Letter> {
        self.0.remove(&number)
    }

    pub(super) fn get(&self, number: u64) -> Option<&Letter> {
        self.0.get(&number)
    }

    /// Returns the letters that have expired, and the oldest beyond `max`.
    pub(super) fn beyond(&self, max: usize, now: SystemTime) -> Vec<u64> {
        let lives = |letter: &Letter| letter.expires > now;
        let living = self.0.values().filter(|letter| lives(letter)).count();
        let mut surplus = living.saturating_sub(max);
        let mut beyond = Vec::new();
        for (number, letter) in &self.0 {
            let is_surplus = lives(letter) && surplus > 0;
            surplus -= usize::from(is_surplus);
            if is_surplus || !lives(letter) {
                beyond.push(*number);
            }
        }
        beyond
    }

    pub(super) fn list(&self, max: usize, now: SystemTime) -> Vec<(u64, Letter)> {
        let living = self.0.iter().filter(|(_, letter)| letter.expires > now);
        let living = living.map(|(number, letter)| (*number, letter.clone()));
        living.take(max).collect()
    }

    pub(super) fn len(&self, now: SystemTime) -> u64 {
        let living = self.0.values().filter(|letter| letter.expires > now);
        u64::try_from(living.count()).unwrap_or(u64::MAX)
    }
}
