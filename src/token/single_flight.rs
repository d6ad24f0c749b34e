//! One fetch at a time, whose outcome all waiters share.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::Token;
use crate::error::Error;
use crate::runtime::SharedRuntime;

/// The interval at which a running fetch signals progress.
const BEAT: Duration = Duration::from_secs(1);

/// How long a waiter waits for progress before it checks again. After a second interval without
/// progress it takes over: the runtime of the fetch has stopped. A single check would misfire when
/// the thread of the fetch, or the whole machine, was paused for a while.
const SILENCE: Duration = Duration::from_millis(1500);

/// The outcome of a fetch, or `None` while it runs.
type Outcome = Option<Result<Token, Error>>;

/// The fetch in progress, if any.
#[derive(Default)]
pub(super) struct SingleFlight(Mutex<State>);

#[derive(Default)]
struct State {
    number: u64,
    current: Option<Waiter>,
}

/// Waits for the outcome of a fetch. Dropping it doesn't stop the fetch.
#[derive(Clone)]
pub(super) struct Waiter {
    number: u64,
    outcome: watch::Receiver<Outcome>,
    beats: Arc<AtomicU64>,
}

/// The result of waiting for a fetch.
pub(super) enum Waited {
    Outcome(Result<Token, Error>),
    /// The fetch was dropped.
    Stopped,
    /// The fetch signals no progress.
    Silent,
}

/// Runs a fetch. There is one leader at a time.
pub(super) struct Leader {
    number: u64,
    outcome: watch::Sender<Outcome>,
    beats: Arc<AtomicU64>,
}

impl SingleFlight {
    /// Joins the fetch in progress. The first caller also gets the [`Leader`] that must run it.
    pub(super) fn join(&self) -> (Waiter, Option<Leader>) {
        self.lock().join()
    }

    /// Joins in the same way, after ending a fetch that has stopped.
    pub(super) fn take_over(&self, stopped: &Waiter) -> (Waiter, Option<Leader>) {
        let mut state = self.lock();
        state.end(stopped.number);
        state.join()
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.lock().current.is_some()
    }

    /// Returns whether this fetch is still the current one, and has not been taken over.
    pub(super) fn is_current(&self, number: u64) -> bool {
        let state = self.lock();
        state.current.as_ref().is_some_and(|it| it.number == number)
    }

    /// Ends a fetch, so that another one can start.
    pub(super) fn end(&self, number: u64) {
        self.lock().end(number);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn join(&mut self) -> (Waiter, Option<Leader>) {
        if let Some(waiter) = &self.current {
            return (waiter.clone(), None);
        }
        self.number = self.number.wrapping_add(1);
        let (number, beats) = (self.number, Arc::<AtomicU64>::default());
        let (sender, outcome) = watch::channel(None);
        let waiter = Waiter {
            number,
            outcome,
            beats: Arc::clone(&beats),
        };
        self.current = Some(waiter.clone());
        let leader = Leader {
            number,
            outcome: sender,
            beats,
        };
        (waiter, Some(leader))
    }

    fn end(&mut self, number: u64) {
        // Compared by number: a fetch that was taken over must not end its successor.
        self.current.take_if(|current| current.number == number);
    }
}

impl Leader {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Runs the fetch to its end, and signals progress meanwhile.
    pub(super) async fn run<T>(
        &self,
        runtime: &SharedRuntime,
        fetch: impl Future<Output = T>,
    ) -> T {
        let mut fetch = pin!(fetch);
        loop {
            match runtime.timeout(BEAT, fetch.as_mut()).await {
                Some(output) => return output,
                None => self.beats.fetch_add(1, Ordering::Relaxed),
            };
        }
    }

    /// Sends the outcome to all waiters.
    pub(super) fn tell(self, outcome: Result<Token, Error>) {
        // `send` would fail without receivers, and all waiters may have been dropped.
        self.outcome.send_replace(Some(outcome));
    }
}

impl Waiter {
    pub(super) async fn outcome(&mut self, runtime: &SharedRuntime) -> Waited {
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

#[cfg(all(test, feature = "tokio"))]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::runtime::TokioRuntime;

    /// On several threads, the tasks of a machine that was paused resume in any order.
    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_wakes_before_the_fetch_does_not_take_it_for_stopped() {
        let runtime = SharedRuntime::new(TokioRuntime);
        let (mut waiter, leader) = SingleFlight::default().join();
        let leader = leader.unwrap();
        let fetch = async {
            let error = || Error::new(ErrorKind::Interrupted, "the outcome");
            leader.run(&runtime, runtime.sleep(BEAT / 2)).await;
            leader.tell(Err(error()));
        };
        let stands_still = async {
            tokio::time::advance(SILENCE + BEAT).await;
        };
        // Polled in this order.
        let (waited, (), ()) = tokio::join!(biased; waiter.outcome(&runtime), fetch, stands_still);
        assert!(matches!(waited, Waited::Outcome(Err(_))));
    }
}
