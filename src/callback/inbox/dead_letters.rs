//! Messages whose tries have all failed.

use std::time::SystemTime;

use super::store::{DeadEntry, EntryKey};
use super::{Inbox, payload};
use crate::callback::Message;
use crate::store::StoreError;

/// A message whose tries have all failed. It stays until it is run again or dropped, or until there
/// are too many or it is too old: [`Inbox::dead_letter_limits`].
///
/// Its `Debug` output does not show what the user wrote.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    entry: DeadEntry,
    message: Option<Message>,
}

impl DeadLetter {
    fn new(entry: DeadEntry) -> Self {
        let decoded = payload::decode(&entry.entry.key.appid, &entry.entry.payload);
        let message = decoded.ok().map(|(message, _)| message);
        Self { entry, message }
    }

    /// Returns the key, to run the message again or to drop it.
    pub fn key(&self) -> &EntryKey {
        &self.entry.entry.key
    }

    /// Returns the message. `None` if it cannot be read.
    pub fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// Returns how often the message was tried.
    pub fn attempts(&self) -> u32 {
        self.entry.attempts
    }

    /// Returns the last error, with its causes.
    pub fn error(&self) -> &str {
        &self.entry.error
    }

    /// Returns when the message was given up.
    pub fn since(&self) -> SystemTime {
        self.entry.since
    }
}

impl Inbox {
    /// Returns up to `max` dead letters, the oldest first.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        let letters = self.core().store.dead_letters(max).await?;
        Ok(letters.into_iter().map(DeadLetter::new).collect())
    }

    /// Runs a dead letter again, after the other messages of its user. Returns whether there is one
    /// with this key.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn run_again(&self, letter: &EntryKey) -> Result<bool, StoreError> {
        let revived = self.core().store.revive(letter).await?;
        self.core().arrived.notify_one();
        Ok(revived)
    }

    /// Drops a dead letter. Returns whether there was one with this key.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn discard(&self, letter: &EntryKey) -> Result<bool, StoreError> {
        self.core().store.discard(letter).await
    }
}
