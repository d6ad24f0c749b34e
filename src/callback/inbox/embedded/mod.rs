//! A store in a file.

mod file;
mod options;
mod record;
mod writer;

pub use self::options::EmbeddedInboxOptions;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use self::file::Change;
use self::record::{Death, Record, millis};
use self::writer::Writer;
use super::index::{Claimed, Index, Letter, Removed, Reserved};
use super::store::{
    Contents, DeadEntry, DeadLimits, Entry, EntryKey, InboxStore, Put, Taken, TakenEntry,
};
use crate::clock::{Clock, SharedClock};
use crate::error::Error;
use crate::seal::Seal;
use crate::store::{Owner, StoreError};

/// For how many entries of an earlier process a try is on the disk before it starts. An entry that
/// ends the process was running, so it is among the oldest.
const COUNTED_FIRST: usize = 256;

/// The longest error text of a dead letter, in characters.
const ERROR_MAX: usize = 1000;

/// A store in a file, for one process. Clones share the file.
///
/// [`Inbox::open`](super::Inbox::open) creates one with the default settings.
///
/// What is stored is on the disk (`fsync`) before the message is acknowledged. All messages that
/// arrive while the disk is busy are written together. A file that was torn by a crash is repaired
/// when it is opened, to its last complete write.
///
/// The file is a database of the crate `redb`. Only its owner may read it (mode 0600). Beside it, a
/// file with the ending `.pid` names the process that holds it.
///
/// ```no_run
/// use tower_wechat::callback::inbox::{EmbeddedInboxStore, Inbox};
/// use tower_wechat::shared::SealKey;
///
/// let store = EmbeddedInboxStore::options()
///     .seal(SealKey::from_env("INBOX_KEY")?)
///     .max_bytes(1 << 30)
///     .open("data/inbox.redb")?;
/// let inbox = Inbox::new(store);
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct EmbeddedInboxStore(Arc<Shared>);

struct Shared {
    clock: SharedClock,
    seal: Seal,
    index: Arc<Mutex<Index>>,
    writer: Writer,
    /// How many entries of an earlier process were taken.
    counted: AtomicUsize,
}

impl EmbeddedInboxStore {
    /// Opens or creates a file with the default settings.
    ///
    /// # Errors
    /// As [`EmbeddedInboxOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open(path)
    }

    /// Returns the settings to open a file with.
    pub fn options() -> EmbeddedInboxOptions {
        EmbeddedInboxOptions::new()
    }

    fn index(&self) -> (MutexGuard<'_, Index>, Duration) {
        let index = self.0.index.lock();
        let index = index.unwrap_or_else(PoisonError::into_inner);
        (index, self.0.clock.monotonic())
    }

    fn record(&self, number: u64, key: &EntryKey, payload: &Bytes) -> Change {
        let record = Record {
            key: key.clone(),
            payload: payload.clone(),
            stored: self.0.clock.now(),
            death: None,
        };
        Change::Put(number, record.encode(&self.0.seal, number))
    }

    /// Returns the payload of an entry, from memory or from the file.
    async fn payload(
        &self,
        number: u64,
        is_dead: bool,
        cached: Option<Bytes>,
    ) -> Result<Bytes, StoreError> {
        if let Some(payload) = cached {
            return Ok(payload);
        }
        let record = self.0.writer.read(number, is_dead).await?;
        let record = record.ok_or_else(|| StoreError::new("a record is missing or damaged"))?;
        Ok(record.payload)
    }
}

/// Changes that end an entry. Nobody waits for them: if a crash loses them, the entry runs again.
fn removed(removed: &Removed) -> Vec<Change> {
    let forgotten = removed.forgotten.iter().map(|key| Change::Forget(*key));
    [Change::Remove(removed.number)]
        .into_iter()
        .chain(forgotten)
        .collect()
}

impl InboxStore for EmbeddedInboxStore {
    async fn put(
        &self,
        entry: &Entry,
        holder: Option<&Owner>,
        lease: Duration,
    ) -> Result<Put, StoreError> {
        let Entry { key, payload } = entry;
        loop {
            let reserved = {
                let (mut index, now) = self.index();
                let holder = holder.map(|owner| (*owner, now.saturating_add(lease)));
                let wall = self.0.clock.now();
                index.reserve(key, payload, holder, wall, now)
            };
            match reserved {
                Reserved::Held => return Ok(Put::Stored),
                Reserved::Known => return Ok(Put::Known),
                Reserved::Full => return Ok(Put::Full),
                // Waits for the write of the same entry, which is before this empty one.
                Reserved::Writing => self.0.writer.write(Vec::new(), None).await?,
                Reserved::New(number) => {
                    let mut changes = vec![self.record(number, key, payload)];
                    if holder.is_some() {
                        changes.push(Change::Attempts(number, 1));
                    }
                    let written = self.0.writer.write(changes, Some(number)).await;
                    // Not sent, or settled by the thread already.
                    written.inspect_err(|_| self.index().0.abort(number))?;
                    return Ok(Put::Stored);
                }
            }
        }
    }

    async fn is_known(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let (mut index, now) = self.index();
        Ok(index.is_known(&key.dedup, now))
    }

    async fn take(&self, owner: &Owner, lease: Duration) -> Result<Taken, StoreError> {
        let claimed = {
            let (mut index, now) = self.index();
            index.take(*owner, now.saturating_add(lease), now)
        };
        let Claimed {
            number,
            key,
            payload,
            attempt,
            is_left_over,
        } = match claimed {
            Ok(claimed) => claimed,
            Err(next) => return Ok(Taken::Nothing(next)),
        };
        let ready = async {
            let payload = self.payload(number, false, payload).await?;
            if is_left_over {
                let counted = vec![Change::Attempts(number, attempt)];
                match self.0.counted.fetch_add(1, Ordering::Relaxed) < COUNTED_FIRST {
                    true => self.0.writer.write(counted, None).await?,
                    false => self.0.writer.note(counted)?,
                }
            }
            Ok(payload)
        };
        match ready.await {
            Ok(payload) => {
                let entry = Entry::new((*key).clone(), payload);
                Ok(Taken::Entry(TakenEntry::new(entry, attempt)))
            }
            Err(error) => {
                let (mut index, now) = self.index();
                index.give_back(number, now.saturating_add(lease));
                Err(error)
            }
        }
    }

    async fn renew(
        &self,
        key: &EntryKey,
        owner: &Owner,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let (mut index, now) = self.index();
        Ok(index.renew(&key.dedup, owner, now.saturating_add(lease)))
    }

    async fn finish(
        &self,
        key: &EntryKey,
        owner: &Owner,
        window: Duration,
    ) -> Result<bool, StoreError> {
        let finished = {
            let (mut index, now) = self.index();
            index.finish(&key.dedup, owner, now.saturating_add(window), now)
        };
        let Some(finished) = finished else {
            return Ok(false);
        };
        let mut changes = removed(&finished);
        let now = self.0.clock.now();
        let end = now.checked_add(window).unwrap_or(now);
        changes.push(Change::Finish(key.dedup, millis(end)));
        self.0.writer.note(changes)?;
        Ok(true)
    }

    async fn retry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        pause: Duration,
        payload: Option<&Bytes>,
    ) -> Result<bool, StoreError> {
        let retried = {
            let (mut index, now) = self.index();
            let until = now.saturating_add(pause);
            index.retry(&key.dedup, owner, until, payload)
        };
        let Some((number, attempts)) = retried else {
            return Ok(false);
        };
        let mut changes = vec![Change::Attempts(number, attempts)];
        changes.extend(payload.map(|payload| self.record(number, key, payload)));
        self.0.writer.note(changes)?;
        Ok(true)
    }

    async fn bury(
        &self,
        key: &EntryKey,
        owner: &Owner,
        error: &str,
        limits: DeadLimits,
    ) -> Result<bool, StoreError> {
        let Some(held) = self.index().0.held_entry(&key.dedup, owner) else {
            return Ok(false);
        };
        let payload = self.payload(held.number, false, held.payload).await?;
        let since = self.0.clock.now();
        let expires = since.checked_add(limits.max_age).unwrap_or(since);
        let error: String = error.chars().take(ERROR_MAX).collect();
        let letter = Letter {
            key: Arc::new(key.clone()),
            payload: None,
            size: payload.len(),
            attempts: held.attempts,
            error: error.as_str().into(),
            since,
            expires,
        };
        let buried = self.index().0.bury(&key.dedup, owner, letter, limits.max);
        let Some((number, dropped)) = buried else {
            return Ok(false);
        };
        if !dropped.is_empty() {
            tracing::warn!(
                dropped = dropped.len(),
                "dropped dead letters of the inbox: too many or too old"
            );
        }
        let record = Record {
            key: key.clone(),
            payload,
            stored: held.stored,
            death: Some(Death {
                attempts: held.attempts,
                error,
                since,
                expires,
            }),
        };
        let record = record.encode(&self.0.seal, number);
        let mut changes = vec![Change::Remove(number), Change::PutDead(number, record)];
        changes.extend(dropped.into_iter().map(Change::RemoveDead));
        self.0.writer.note(changes)?;
        Ok(true)
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadEntry>, StoreError> {
        let letters = self.index().0.letters(max, self.0.clock.now());
        let mut entries = Vec::with_capacity(letters.len());
        for (number, letter) in letters {
            if let Some(record) = self.0.writer.read(number, true).await? {
                let entry = Entry::new(record.key, record.payload);
                let error = &*letter.error;
                entries.push(DeadEntry::new(entry, letter.attempts, error, letter.since));
            }
        }
        Ok(entries)
    }

    async fn revive(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let Some((number, letter)) = self.index().0.letter(&key.dedup) else {
            return Ok(false);
        };
        let payload = self.payload(number, true, letter.payload).await?;
        let revived = self.index().0.revive(key, &payload, self.0.clock.now());
        // Another caller may have removed it meanwhile.
        let Some((new, letter)) = revived else {
            return Ok(false);
        };
        // One write: a crash leaves one of the two. If it fails, the dead letter is in the file.
        let changes = vec![self.record(new, key, &payload), Change::RemoveDead(number)];
        let written = self.0.writer.write(changes, Some(new)).await;
        written.inspect_err(|_| {
            let (mut index, _) = self.index();
            index.abort(new);
            index.restore_dead(number, letter);
        })?;
        Ok(true)
    }

    async fn discard(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let Some(number) = self.index().0.discard(&key.dedup) else {
            return Ok(false);
        };
        self.0.writer.note(vec![Change::RemoveDead(number)])?;
        Ok(true)
    }

    async fn contents(&self) -> Result<Contents, StoreError> {
        let (index, _) = self.index();
        Ok(index.contents(self.0.clock.now()))
    }
}

impl fmt::Debug for EmbeddedInboxStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedInboxStore").finish_non_exhaustive()
    }
}
