//! Runs work once at a time for each key, and shares the outcome with all callers.

mod leader;
mod waiter;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use self::leader::Leader;
use self::waiter::{Waited, Waiter};
use crate::runtime::{BoxFuture, SharedRuntime};

/// How often one caller takes over a stopped run.
const TAKE_OVERS_MAX: usize = 3;

/// The runs in progress, by key. Clones share them.
pub(crate) struct SingleFlight<K, T>(Arc<Mutex<State<K, T>>>);

struct State<K, T> {
    number: u64,
    runs: HashMap<K, Waiter<T>>,
}

impl<K, T> SingleFlight<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Returns the outcome of the run in progress for `key`, and starts a run of `work` if there is
    /// none. Returns `None` if the run was stopped and no other could be started.
    ///
    /// A run is a separate task, so dropping a caller doesn't cancel it. It stops if the runtime it
    /// was spawned on stops. A caller on another runtime then takes it over.
    pub(crate) async fn run(
        &self,
        runtime: &SharedRuntime,
        key: &K,
        work: impl Fn(Run<K, T>) -> BoxFuture<'static, T>,
    ) -> Option<T> {
        let mut joined = self.join(key);
        for _ in 0..=TAKE_OVERS_MAX {
            let (mut waiter, leader) = joined;
            let leads = leader.is_some();
            if let Some(leader) = leader {
                let work = work(leader.run.clone());
                leader.spawn(runtime, work);
            }
            match waiter.outcome(runtime).await {
                Waited::Outcome(outcome) => return Some(outcome),
                // This caller's own runtime doesn't accept tasks any more.
                Waited::Stopped if leads => return None,
                Waited::Stopped | Waited::Silent => {}
            }
            joined = self.take_over(key, waiter.number);
        }
        None
    }

    pub(crate) fn is_under_way(&self, key: &K) -> bool {
        self.lock().runs.contains_key(key)
    }

    /// Joins the run in progress. The first caller also gets the [`Leader`] that must do the work.
    fn join(&self, key: &K) -> Joined<K, T> {
        self.join_in(&mut self.lock(), key)
    }

    /// Joins in the same way, after ending a run that has stopped.
    fn take_over(&self, key: &K, stopped: u64) -> Joined<K, T> {
        let mut state = self.lock();
        state.end(key, stopped);
        self.join_in(&mut state, key)
    }

    fn join_in(&self, state: &mut State<K, T>, key: &K) -> Joined<K, T> {
        if let Some(waiter) = state.runs.get(key) {
            return (waiter.clone(), None);
        }
        state.number = state.number.wrapping_add(1);
        let (number, beats) = (state.number, Arc::<AtomicU64>::default());
        let (sender, outcome) = watch::channel(None);
        let waiter = Waiter {
            number,
            outcome,
            beats: Arc::clone(&beats),
        };
        state.runs.insert(key.clone(), waiter.clone());
        let run = Run {
            flight: self.clone(),
            key: key.clone(),
            number,
        };
        let leader = Leader {
            run,
            outcome: sender,
            beats,
        };
        (waiter, Some(leader))
    }
}

impl<K: Eq + Hash, T> State<K, T> {
    fn is_current(&self, key: &K, number: u64) -> bool {
        self.runs.get(key).is_some_and(|it| it.number == number)
    }

    /// Ends a run, so that another one can start.
    fn end(&mut self, key: &K, number: u64) {
        // Compared by number: a run that was taken over must not end its successor.
        if self.is_current(key, number) {
            self.runs.remove(key);
        }
    }
}

type Joined<K, T> = (Waiter<T>, Option<Leader<K, T>>);

impl<K, T> SingleFlight<K, T> {
    fn lock(&self) -> MutexGuard<'_, State<K, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T> Clone for SingleFlight<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, T> Default for SingleFlight<K, T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            number: 0,
            runs: HashMap::new(),
        })))
    }
}

/// A run, as its work sees it.
#[derive(Clone)]
pub(crate) struct Run<K, T> {
    flight: SingleFlight<K, T>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, T> Run<K, T> {
    /// Returns whether this is still the current run of its key, and has not been taken over.
    pub(crate) fn is_current(&self) -> bool {
        self.flight.lock().is_current(&self.key, self.number)
    }

    fn end(&self) {
        self.flight.lock().end(&self.key, self.number);
    }
}

#[cfg(all(test, feature = "tokio"))]
mod tests {
    use super::leader::BEAT;
    use super::waiter::SILENCE;
    use super::*;
    use crate::runtime::TokioRuntime;

    /// On several threads, the tasks of a machine that was paused resume in any order.
    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_wakes_before_the_run_does_not_take_it_for_stopped() {
        let runtime = SharedRuntime::new(TokioRuntime);
        let (mut waiter, leader) = SingleFlight::default().join(&"key");
        let leader = leader.unwrap();
        let run = async {
            let outcome = leader.lead(&runtime, runtime.sleep(BEAT / 2)).await;
            leader.tell(outcome);
        };
        let stands_still = async {
            tokio::time::advance(SILENCE + BEAT).await;
        };
        // Polled in this order.
        let (waited, (), ()) = tokio::join!(biased; waiter.outcome(&runtime), run, stands_still);
        assert!(matches!(waited, Waited::Outcome(())));
    }
}
