//! What all handles of an inbox share.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, Semaphore};

use super::counts::Counts;
use super::store::SharedStore;
use super::unkept::Unkept;
use crate::callback::deadline::HandlerTracker;

pub(super) struct Core {
    pub(super) store: SharedStore,
    /// The handlers of stored messages.
    pub(super) running: HandlerTracker,
    /// Notified when an entry may have become available.
    pub(super) arrived: Notify,
    pub(super) unkept: Unkept,
    pub(super) counts: Counts,
    /// Has no permits, and is closed at shutdown.
    closing: Semaphore,
    started: AtomicBool,
    /// Whether entries of an earlier process may be left, so that a push may be one of them.
    left_over: AtomicBool,
}

impl Core {
    pub(super) fn new(store: SharedStore) -> Self {
        Self {
            store,
            running: HandlerTracker::new(),
            arrived: Notify::new(),
            unkept: Unkept::default(),
            counts: Counts::default(),
            closing: Semaphore::new(0),
            started: AtomicBool::new(false),
            left_over: AtomicBool::new(true),
        }
    }

    /// Returns whether the workers are started.
    pub(super) fn is_started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }

    /// Claims the start of the workers. Returns false if they are started.
    pub(super) fn start(&self) -> bool {
        !self.started.swap(true, Ordering::Relaxed)
    }

    pub(super) fn close(&self) {
        self.closing.close();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closing.is_closed()
    }

    /// Waits until the inbox is closed.
    pub(super) async fn closed(&self) {
        // There are no permits, so it ends with the error of a closed semaphore.
        let _ = self.closing.acquire().await;
    }

    pub(super) fn has_left_over(&self) -> bool {
        self.left_over.load(Ordering::Relaxed)
    }

    pub(super) fn none_left_over(&self) {
        self.left_over.store(false, Ordering::Relaxed);
    }
}
