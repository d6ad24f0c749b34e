//! The side of a run that waits for its outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::runtime::SharedRuntime;

/// How long a waiter waits for progress before it checks again. After a second interval without
/// progress it takes over: the runtime of the run has stopped. A single check would misfire when
/// the thread of the run, or the whole machine, was paused for a while.
pub(super) const SILENCE: Duration = Duration::from_millis(1500);

/// Waits for the outcome of a run. Dropping it doesn't stop the run.
#[derive(Clone)]
pub(super) struct Waiter<T> {
    pub(super) number: u64,
    /// `None` while the run is in progress.
    pub(super) outcome: watch::Receiver<Option<T>>,
    pub(super) beats: Arc<AtomicU64>,
}

/// The result of waiting for a run.
pub(super) enum Waited<T> {
    Outcome(T),
    /// The run was dropped.
    Stopped,
    /// The run signals no progress.
    Silent,
}

impl<T: Clone> Waiter<T> {
    pub(super) async fn outcome(&mut self, runtime: &SharedRuntime) -> Waited<T> {
        let mut beats = self.beats.load(Ordering::Relaxed);
        let mut was_silent = false;
        loop {
            let outcome = self.outcome.wait_for(Option::is_some);
            match runtime.timeout(SILENCE, outcome).await {
                Some(Ok(outcome)) => match &*outcome {
                    Some(outcome) => return Waited::Outcome(outcome.clone()),
                    // `wait_for` returned, so there is an outcome.
                    None => return Waited::Stopped,
                },
                Some(Err(_)) => return Waited::Stopped,
                None => {
                    let before = std::mem::replace(&mut beats, self.beats.load(Ordering::Relaxed));
                    let is_silent = before == beats;
                    if is_silent && was_silent {
                        return Waited::Silent;
                    }
                    was_silent = is_silent;
                }
            }
        }
    }
}
