//! One fetch, whose outcome all who wait for it share.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::Token;
use crate::error::Error;
use crate::runtime::SharedRuntime;

/// How often a fetch shows that it goes on.
const BEAT: Duration = Duration::from_secs(1);

/// How long a fetch may show nothing before it is looked at once more, and another one takes its place
/// if there is still nothing: the runtime that it was spawned on has stopped. Looked at once, a fetch
/// would be taken for stopped when its thread, or the whole machine, stood still for a while.
const SILENCE: Duration = Duration::from_millis(1500);

/// The outcome, once it is there.
type Outcome = Option<Result<Token, Error>>;

/// The fetch of a token that is under way, if one is.
#[derive(Default)]
pub(super) struct SingleFlight(Mutex<State>);

#[derive(Default)]
struct State {
    number: u64,
    current: Option<Waiter>,
}

/// Waits for the outcome of a fetch. To drop it stops nothing.
#[derive(Clone)]
pub(super) struct Waiter {
    number: u64,
    outcome: watch::Receiver<Outcome>,
    beats: Arc<AtomicU64>,
}

/// What a fetch came to while it was waited for.
pub(super) enum Waited {
    Outcome(Result<Token, Error>),
    /// It was dropped.
    Stopped,
    /// It shows no more that it goes on.
    Silent,
}

/// Makes the fetch, and is the only one at a time.
pub(super) struct Leader {
    number: u64,
    outcome: watch::Sender<Outcome>,
    beats: Arc<AtomicU64>,
}

impl SingleFlight {
    /// Joins the fetch under way; whoever comes first is to make it.
    pub(super) fn join(&self) -> (Waiter, Option<Leader>) {
        self.lock().join()
    }

    /// Does so in place of a fetch that has stopped.
    pub(super) fn take_over(&self, stopped: &Waiter) -> (Waiter, Option<Leader>) {
        let mut state = self.lock();
        state.end(stopped.number);
        state.join()
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.lock().current.is_some()
    }

    /// Whether this fetch is the one under way: it may have been taken over.
    pub(super) fn is_current(&self, number: u64) -> bool {
        let state = self.lock();
        state.current.as_ref().is_some_and(|it| it.number == number)
    }

    /// Ends a fetch: from now on another one may begin.
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
        self.current.take_if(|current| current.number == number);
    }
}

impl Leader {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The output of the fetch, while it shows that it goes on.
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

    /// Tells all who wait.
    pub(super) fn tell(self, outcome: Result<Token, Error>) {
        // Nobody may be waiting any more.
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
                    // It was waited for until there was one.
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

    /// On several threads the tasks of a machine that stood still come in any order.
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
        // They are looked at in this order.
        let (waited, (), ()) = tokio::join!(biased; waiter.outcome(&runtime), fetch, stands_still);
        assert!(matches!(waited, Waited::Outcome(Err(_))));
    }
}
