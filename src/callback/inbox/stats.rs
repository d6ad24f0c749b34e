//! The state of an inbox, for monitoring.

use std::time::Duration;

use super::Inbox;
use crate::store::StoreError;

/// What is in an inbox, and what this process did with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxStats {
    /// The number of messages that are stored and not handled, including those that run.
    pub depth: u64,
    /// The age of the oldest of them.
    pub oldest: Option<Duration>,
    /// The number of dead letters.
    pub dead_letters: u64,
    /// How many messages this process has stored.
    pub stored: u64,
    /// How many messages this process could not store.
    pub refused: u64,
    /// How many runs of stored messages this process has started, without the first runs of messages
    /// that were stored at their deadline.
    pub runs: u64,
    /// How many runs failed and are repeated.
    pub retries: u64,
    /// How many messages this process has given up.
    pub buried: u64,
    /// How many late replies no hook could send.
    pub unsent: u64,
}

impl Inbox {
    /// Counts what is stored and what was done.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn stats(&self) -> Result<InboxStats, StoreError> {
        let contents = self.core().store.contents().await?;
        let counts = &self.core().counts;
        Ok(InboxStats {
            depth: contents.depth,
            oldest: contents.oldest,
            dead_letters: contents.dead_letters,
            stored: counts.stored.get(),
            refused: counts.refused.get(),
            runs: counts.runs.get(),
            retries: counts.retries.get(),
            buried: counts.buried.get(),
            unsent: counts.unsent.get(),
        })
    }
}
