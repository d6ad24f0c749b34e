//! The thread that reads and writes the file.
//!
//! All writes that arrive while one is made durable are made durable together by the next, so that
//! many pushes share one `fsync`. Changes that nobody waits for join the next write, or are written
//! after a short time.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use tokio::sync::oneshot;

use super::file::{Change, InboxFile};
use super::record::Record;
use crate::callback::inbox::index::Index;
use crate::error::chain;
use crate::seal::Seal;
use crate::store::StoreError;

/// How many operations may wait for the thread.
const QUEUE: usize = 4096;

/// How many operations are made durable together at most.
const BATCH: usize = 1024;

/// How long a change that nobody waits for may wait for others.
const LINGER: Duration = Duration::from_millis(50);

/// The pause after a failed write that nobody waits for.
const PAUSE: Duration = Duration::from_secs(1);

/// How many changes are kept while the file cannot be written.
const UNWRITTEN_MAX: usize = 100_000;

/// The result of a write.
pub(super) type Written = Result<(), StoreError>;

/// A handle to the thread.
pub(super) struct Writer {
    /// `None` only while the handle is dropped.
    sender: Option<SyncSender<Operation>>,
    thread: Option<JoinHandle<()>>,
}

enum Operation {
    Write {
        changes: Vec<Change>,
        /// The entry whose place in the index depends on the write.
        reserved: Option<u64>,
        tell: oneshot::Sender<Written>,
    },
    /// A write that nobody waits for.
    Note(Vec<Change>),
    Read {
        number: u64,
        is_dead: bool,
        tell: oneshot::Sender<Result<Option<Record>, StoreError>>,
    },
}

impl Writer {
    pub(super) fn start(
        path: PathBuf,
        seal: Seal,
        file: InboxFile,
        index: Arc<Mutex<Index>>,
    ) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE);
        let worker = Worker {
            path,
            seal,
            file: Some(file),
            index,
            pending: Vec::new(),
            waiting: Vec::new(),
            failed: false,
        };
        let thread = thread::Builder::new().name("wechat-inbox".to_owned());
        let thread = thread.spawn(move || worker.run(&receiver))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    /// Makes changes durable. `reserved` is then committed in the index, or else aborted.
    pub(super) async fn write(&self, changes: Vec<Change>, reserved: Option<u64>) -> Written {
        let (tell, told) = oneshot::channel();
        self.send(Operation::Write {
            changes,
            reserved,
            tell,
        })?;
        told.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Writes changes soon, in the order of all writes.
    pub(super) fn note(&self, changes: Vec<Change>) -> Written {
        self.send(Operation::Note(changes))
    }

    pub(super) async fn read(
        &self,
        number: u64,
        is_dead: bool,
    ) -> Result<Option<Record>, StoreError> {
        let (tell, told) = oneshot::channel();
        self.send(Operation::Read {
            number,
            is_dead,
            tell,
        })?;
        told.await.unwrap_or_else(|_| Err(gone()))
    }

    fn send(&self, operation: Operation) -> Written {
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender.try_send(operation).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::new("too many writes are waiting for the disk"),
            TrySendError::Disconnected(_) => gone(),
        })
    }
}

fn gone() -> StoreError {
    StoreError::new("the thread that writes the inbox has ended")
}

impl Drop for Writer {
    /// Waits for the last write, so that the file can be opened again.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // The thread's own panic was printed by the panic hook.
            let _ = thread.join();
        }
    }
}

struct Worker {
    path: PathBuf,
    seal: Seal,
    /// `None` after a failed write: the file must be opened again.
    file: Option<InboxFile>,
    index: Arc<Mutex<Index>>,
    /// The changes of the next write in their order, and whether they are kept if it fails.
    pending: Vec<(bool, Change)>,
    waiting: Vec<(Option<u64>, oneshot::Sender<Written>)>,
    /// Whether the last write failed: an outage is logged once.
    failed: bool,
}

impl Worker {
    fn run(mut self, receiver: &Receiver<Operation>) {
        loop {
            let operation = match (self.pending.is_empty(), self.failed) {
                (true, _) => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                (false, true) => receiver.recv_timeout(PAUSE),
                (false, false) => receiver.recv_timeout(LINGER),
            };
            match operation {
                Ok(operation) => {
                    self.accept(operation);
                    while self.pending.len() < BATCH
                        && let Ok(operation) = receiver.try_recv()
                    {
                        self.accept(operation);
                    }
                    if !self.waiting.is_empty() || (self.pending.len() >= BATCH && !self.failed) {
                        self.commit();
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.commit(),
                Err(RecvTimeoutError::Disconnected) => {
                    if !self.pending.is_empty() {
                        self.commit();
                    }
                    return;
                }
            }
        }
    }

    fn accept(&mut self, operation: Operation) {
        match operation {
            Operation::Write {
                changes,
                reserved,
                tell,
            } => {
                let changes = changes.into_iter().map(|change| (false, change));
                self.pending.extend(changes);
                self.waiting.push((reserved, tell));
            }
            Operation::Note(changes) => {
                let changes = changes.into_iter().map(|change| (true, change));
                self.pending.extend(changes);
            }
            Operation::Read {
                number,
                is_dead,
                tell,
            } => {
                // The record may be among the changes that are not written yet.
                if !self.pending.is_empty() {
                    self.commit();
                }
                let seal = self.seal.clone();
                let read = self.open().and_then(|file| {
                    let read = file.read(number, is_dead, &seal);
                    read.map_err(|error| chain(&error))
                });
                // The reader may be gone.
                let _ = tell.send(read.map_err(StoreError::new));
            }
        }
    }

    /// Returns the file, opened again if a write failed.
    fn open(&mut self) -> Result<&InboxFile, String> {
        if self.file.is_none() {
            let file = InboxFile::open(&self.path, &self.seal);
            self.file = Some(file.map_err(|error| chain(&error))?);
        }
        self.file
            .as_ref()
            .ok_or_else(|| "it is not open".to_owned())
    }

    /// Writes all pending changes, and tells those who wait.
    fn commit(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let changes = pending.iter().map(|(_, change)| change);
        let written = self.open().and_then(|file| {
            let written = file.apply(changes);
            written.map_err(|error| chain(&error))
        });
        let waiting = std::mem::take(&mut self.waiting);
        self.settle(
            waiting.iter().filter_map(|(reserved, _)| *reserved),
            written.is_ok(),
        );
        match &written {
            Ok(()) if self.failed => tracing::info!("the inbox can be written again"),
            Ok(()) => {}
            Err(error) => {
                if !self.failed {
                    tracing::error!(error, "could not write the inbox");
                }
                self.file = None;
                self.keep(pending);
            }
        }
        self.failed = written.is_err();
        for (_, tell) in waiting {
            let written = match &written {
                Ok(()) => Ok(()),
                Err(error) => Err(StoreError::logged(error.clone())),
            };
            // The caller may have given up.
            let _ = tell.send(written);
        }
    }

    /// Commits or aborts entries in the index.
    fn settle(&self, reserved: impl Iterator<Item = u64>, is_written: bool) {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        for number in reserved {
            match is_written {
                true => index.commit(number),
                false => index.abort(number),
            }
        }
    }

    /// Keeps the changes of a failed write that nobody waited for. What somebody waited for has
    /// failed, and must not be in the file, although the disk may have it.
    fn keep(&mut self, pending: Vec<(bool, Change)>) {
        for (is_kept, change) in pending {
            match change {
                change if is_kept => self.pending.push((true, change)),
                Change::Put(number, _) => self.pending.push((true, Change::Remove(number))),
                _ => {}
            }
        }
        if let Some(surplus) = self.pending.len().checked_sub(UNWRITTEN_MAX)
            && surplus > 0
        {
            tracing::error!(
                surplus,
                "forgot the end of messages: they run again after a restart"
            );
            self.pending.drain(..surplus);
        }
    }
}
