//! Tracks the background refresh of a stale token.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest time a refresh counts as running. A fetch gives up after 30 seconds, so the runtime
/// of a longer one has stopped, and another refresh may start.
const LONGEST: Duration = Duration::from_secs(60);

/// The refresh in progress, if any: its number, and its start in monotonic time.
#[derive(Default)]
pub(super) struct Refresh(Mutex<State>);

#[derive(Default)]
struct State {
    number: u64,
    began: Option<Duration>,
}

impl Refresh {
    /// Starts a refresh and returns its number, or `None` if one is in progress.
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

    /// Ends this refresh, unless a later one has started.
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
