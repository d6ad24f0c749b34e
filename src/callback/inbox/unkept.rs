//! Handlers whose message could not be stored at its deadline. The platform sends the push again,
//! which then joins the running handler.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::held::Held;
use crate::callback::Reply;
use crate::callback::dedup::DedupKey;
use crate::error::BoxError;

/// The result of a handler.
pub(in crate::callback) type Outcome = Result<Reply, BoxError>;

/// The running handlers that may be joined. There are at most as many as running handlers.
#[derive(Default)]
pub(super) struct Unkept {
    runs: Mutex<HashMap<DedupKey, Run>>,
    count: AtomicUsize,
}

struct Run {
    held: Held,
    /// The push that takes the result over: the last one that joined.
    waiter: Option<oneshot::Sender<Outcome>>,
}

impl Unkept {
    /// Returns whether there is any. Costs nothing.
    pub(super) fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    pub(super) fn insert(&self, held: Held) {
        let mut runs = self.runs();
        // A push that joined and could not be stored either leaves the handler's entry as it is.
        let run = Run { held, waiter: None };
        runs.entry(run.held.key().dedup).or_insert(run);
        self.count.store(runs.len(), Ordering::Relaxed);
    }

    /// Waits for the result of a running handler.
    pub(super) fn join(&self, key: &DedupKey) -> Option<(Held, oneshot::Receiver<Outcome>)> {
        let mut runs = self.runs();
        let run = runs.get_mut(key)?;
        let (waiter, outcome) = oneshot::channel();
        run.waiter = Some(waiter);
        Some((run.held.clone(), outcome))
    }

    /// Removes a handler that has completed, and passes its result to the push that joined, which
    /// then answers for it. Returns the result if there is no such push.
    pub(super) fn hand_over(&self, key: &DedupKey, outcome: Outcome) -> Option<Outcome> {
        let waiter = self.remove(key).and_then(|run| run.waiter);
        match waiter {
            Some(waiter) => waiter.send(outcome).err(),
            None => Some(outcome),
        }
    }

    /// Ends the joining of a handler whose message is stored by now.
    pub(super) fn end(&self, key: &DedupKey) {
        if self.any() {
            self.remove(key);
        }
    }

    fn remove(&self, key: &DedupKey) -> Option<Run> {
        let mut runs = self.runs();
        let run = runs.remove(key);
        self.count.store(runs.len(), Ordering::Relaxed);
        run
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<DedupKey, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
