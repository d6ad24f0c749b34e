//! What an inbox stores.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::app::AppId;
use crate::callback::Message;
use crate::callback::dedup::DedupKey;

/// Identifies an entry, and says which entries are in order: those of one user of one app.
///
/// Its `Debug` output does not show the user.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EntryKey {
    /// The app.
    pub appid: AppId,
    /// The user. Empty for a push without a user: such entries have no order.
    pub openid: Box<str>,
    /// What retries of the push have in common. Different for each app and user.
    pub dedup: DedupKey,
}

impl EntryKey {
    /// Creates a key from its parts, for example those of a record in a database.
    pub fn new(appid: AppId, openid: impl Into<Box<str>>, dedup: DedupKey) -> Self {
        Self {
            appid,
            openid: openid.into(),
            dedup,
        }
    }

    /// Computes the key of a message.
    pub fn from_message(message: &Message) -> Self {
        let appid = message.appid().clone();
        Self::new(appid, message.from_user_name(), DedupKey::new(message))
    }
}

impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryKey")
            .field("appid", &self.appid)
            .field("dedup", &self.dedup)
            .finish_non_exhaustive()
    }
}

/// A message to store.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The key.
    pub key: EntryKey,
    /// The message in the inbox's own format. It contains what the user wrote.
    pub payload: Bytes,
}

impl Entry {
    /// Creates an entry.
    pub fn new(key: EntryKey, payload: impl Into<Bytes>) -> Self {
        Self {
            key,
            payload: payload.into(),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .field("bytes", &self.payload.len())
            .finish()
    }
}

/// The result of [`InboxStore::put`](super::InboxStore::put).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Put {
    /// The entry is stored, and survives a crash.
    Stored,
    /// An entry with this key is stored, is a dead letter, or was finished within its window.
    /// Nothing changed.
    Known,
    /// The store is full. Nothing was stored.
    Full,
}

/// The result of [`InboxStore::take`](super::InboxStore::take).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Taken {
    /// An entry to run, held by the caller.
    Entry(TakenEntry),
    /// No entry can run now. The time until a pause ends, if an entry waits for one.
    Nothing(Option<Duration>),
}

/// An entry that was taken to be run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TakenEntry {
    /// The entry.
    pub entry: Entry,
    /// The number of this try, counted from 1.
    pub attempt: u32,
}

impl TakenEntry {
    /// Creates the result of taking an entry.
    pub fn new(entry: Entry, attempt: u32) -> Self {
        Self { entry, attempt }
    }
}

/// An entry whose tries have all failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DeadEntry {
    /// The entry.
    pub entry: Entry,
    /// How often it was tried.
    pub attempts: u32,
    /// The last error.
    pub error: String,
    /// When it became a dead letter.
    pub since: SystemTime,
}

impl DeadEntry {
    /// Creates a dead letter.
    pub fn new(entry: Entry, attempts: u32, error: impl Into<String>, since: SystemTime) -> Self {
        Self {
            entry,
            attempts,
            error: error.into(),
            since,
        }
    }
}

/// How many dead letters are kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLimits {
    /// The maximum number. The oldest are dropped beyond it.
    pub max: usize,
    /// The maximum age.
    pub max_age: Duration,
}

impl DeadLimits {
    /// Creates the limits.
    pub fn new(max: usize, max_age: Duration) -> Self {
        Self { max, max_age }
    }
}

/// What is in a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contents {
    /// The number of entries that are waiting or running.
    pub depth: u64,
    /// The age of the oldest of them.
    pub oldest: Option<Duration>,
    /// The number of dead letters.
    pub dead_letters: u64,
}

impl Contents {
    /// Creates the numbers.
    pub fn new(depth: u64, oldest: Option<Duration>, dead_letters: u64) -> Self {
        Self {
            depth,
            oldest,
            dead_letters,
        }
    }
}
