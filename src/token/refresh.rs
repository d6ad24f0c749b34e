//! Which refresh of a stale token is under way.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a refresh is waited for. One that takes longer does not go on any more: the runtime that
/// it was spawned on has stopped.
const LONGEST: Duration = Duration::from_secs(60);

/// The refresh that is under way, if one is: its number, and when it began in monotonic time.
#[derive(Default)]
pub(super) struct Refresh(Mutex<State>);

#[derive(Default)]
struct State {
    number: u64,
    began: Option<Duration>,
}

impl Refresh {
    /// Begins a refresh unless another one is under way, and tells its number.
    pub(super) fn begin(&self, now: Duration) -> Option<u64> {
        let mut state = self.state();
        let is_under_way = |began: Duration| now.saturating_sub(began) < LONGEST;
        if state.began.is_some_and(is_under_way) {
            return None;
        }
        state.number = state.number.wrapping_add(1);
        state.began = Some(now);
        Some(state.number)
    }

    /// Ends this refresh.
    pub(super) fn end(&self, number: u64) {
        let mut state = self.state();
        if state.number == number {
            state.began = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
