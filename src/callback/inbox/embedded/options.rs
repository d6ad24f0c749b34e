//! Opens a file.

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::file::{Change, Found, InboxFile};
use super::record::{Record, millis};
use super::writer::Writer;
use super::{EmbeddedInboxStore, Shared};
use crate::callback::inbox::index::{Index, Letter, Limits};
use crate::clock::{Clock, SharedClock};
use crate::error::{Error, chain};
use crate::seal::{Seal, SealKey};

/// How many bytes all entries may take.
const MAX_BYTES: usize = 256 << 20;

/// How many bytes of payloads are kept in memory, so that they need not be read again.
const CACHE: usize = 16 << 20;

/// The longest time for which a finished key is kept, whatever the clock did meanwhile.
const WINDOW_MAX: Duration = Duration::from_secs(24 * 3600);

/// The settings of an [`EmbeddedInboxStore`].
#[derive(Debug, Clone)]
#[must_use = "settings do nothing until the file is opened"]
pub struct EmbeddedInboxOptions {
    seal: Seal,
    max_bytes: usize,
    clock: SharedClock,
}

impl EmbeddedInboxOptions {
    pub(super) fn new() -> Self {
        Self {
            seal: Seal::default(),
            max_bytes: MAX_BYTES,
            clock: SharedClock::default(),
        }
    }

    /// Encrypts messages and openids in the file.
    ///
    /// A file cannot be opened without its key. The keys of finished messages, which are hashes, are
    /// not encrypted.
    pub fn seal(mut self, key: SealKey) -> Self {
        self.seal.current = Some(key);
        self
    }

    /// Also reads what was encrypted with this key, to replace it.
    pub fn previous_seal(mut self, key: SealKey) -> Self {
        self.seal.previous = Some(key);
        self
    }

    /// Sets how many bytes all entries together may take, including dead letters. Defaults to
    /// 256 MiB, and to about 200,000 short messages. A message beyond the limit is refused: its push
    /// is answered with 503, so that the platform sends it again.
    ///
    /// The file may be about twice as large. About 300 bytes are held in memory for each entry.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets the clock that measures pauses and ages.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock::new(clock);
        self
    }

    /// Opens or creates the file, and its folder. This reads all entries, and repairs the file if a
    /// crash has torn it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the file cannot be read and written, is in
    /// use by another process, was written by a newer version of this crate, or is sealed with
    /// another key.
    pub fn open(self, path: impl AsRef<Path>) -> Result<EmbeddedInboxStore, Error> {
        let path = path.as_ref();
        let failed = |error: String| {
            let path = path.display();
            Error::config(format!("could not read the inbox {path}: {error}"))
        };
        let file = InboxFile::open(path, &self.seal)?;
        let found = file.load(&self.seal);
        let found = found.map_err(|error| failed(chain(&error)))?;
        if found.damaged > 0 {
            // They stay in the file.
            tracing::error!(damaged = found.damaged, "the inbox has unreadable records");
        }
        let (index, stale) = self.index(found);
        let index = Arc::new(Mutex::new(index));
        let writer = Writer::start(path.to_owned(), self.seal.clone(), file, Arc::clone(&index));
        let writer = writer.map_err(|error| failed(error.to_string()))?;
        if !stale.is_empty() {
            writer.note(stale).map_err(|error| failed(chain(&error)))?;
        }
        Ok(EmbeddedInboxStore(Arc::new(Shared {
            clock: self.clock,
            seal: self.seal,
            index,
            writer,
            counted: AtomicUsize::new(0),
        })))
    }

    /// Returns the index of what was found, and the removal of what is not needed.
    fn index(&self, found: Found) -> (Index, Vec<Change>) {
        let mut index = Index::new(Limits {
            bytes: self.max_bytes,
            cache: CACHE,
        });
        let mut stale = Vec::new();
        for (number, attempts, record) in found.entries {
            let Record {
                key,
                payload,
                stored,
                ..
            } = record;
            if !index.restore(number, key, payload, attempts, stored) {
                stale.push(Change::Remove(number));
            }
        }
        for (number, record) in found.dead {
            let Some(death) = record.death else { continue };
            let letter = Letter {
                key: Arc::new(record.key),
                payload: None,
                size: record.payload.len(),
                attempts: death.attempts,
                error: death.error.into(),
                since: death.since,
                expires: death.expires,
            };
            if !index.restore_dead(number, letter) {
                stale.push(Change::RemoveDead(number));
            }
        }
        let (wall, now) = (millis(self.clock.now()), self.clock.monotonic());
        for (key, end) in found.finished {
            let left = Duration::from_millis(end.saturating_sub(wall)).min(WINDOW_MAX);
            match left.is_zero() {
                true => stale.push(Change::Forget(key)),
                false => index.restore_finished(key, now.saturating_add(left)),
            }
        }
        (index, stale)
    }
}
