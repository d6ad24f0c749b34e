//! Chooses which of the platform's hosts to call.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Moment, SharedClock};
use crate::error::{Error, ErrorKind};

/// How long an alternate host is used before the first one is tried again.
const RECOVERY: Duration = Duration::from_secs(60);

/// Chooses the host of each call, and moves to the next one when the current host cannot be reached
/// or a gateway answers for it (HTTP 502, 503 or 504).
///
/// It repeats no call: [`Retry`](super::retry::Retry) decides which calls are made again, and such
/// a call then goes to the next host. After a minute, one repeatable call tries the first host. The
/// others follow if it succeeds.
#[derive(Clone)]
pub(super) struct Failover {
    clock: SharedClock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    current: usize,
    /// When the current host was chosen, or the first host was last tried.
    since: Moment,
}

impl Failover {
    pub(super) fn new(clock: SharedClock) -> Self {
        let since = clock.moment();
        let state = Arc::new(Mutex::new(State { current: 0, since }));
        Self { clock, state }
    }

    /// Returns the index of the host for one call.
    pub(super) fn choose(&self, repeatable: bool) -> usize {
        let mut state = self.state();
        // The common case, which doesn't read the clock.
        if state.current == 0 || !repeatable {
            return state.current;
        }
        let now = self.clock.moment();
        if now.since(state.since) < RECOVERY {
            return state.current;
        }
        // Sends only this call to the first host: the others stay until it has succeeded.
        state.since = now;
        0
    }

    /// Updates the choice with the result of a call to `host`.
    pub(super) fn learn<T>(&self, host: usize, hosts: usize, result: &Result<T, Error>) {
        let mut state = self.state();
        match result {
            // Compared with the current host, so that concurrent failures of one host move on only
            // once.
            Err(error) if is_unreachable(error) && host == state.current && hosts > 1 => {
                state.current = (host + 1) % hosts;
                state.since = self.clock.moment();
                let error = error.to_string();
                tracing::warn!(error, host = state.current, "moved to another host");
            }
            Ok(_) if host == 0 && state.current != 0 => {
                state.current = 0;
                tracing::info!("moved back to the first host");
            }
            _ => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_unreachable(error: &Error) -> bool {
    // Not a timeout: a slow call doesn't show that the host is down.
    matches!(
        error.kind(),
        ErrorKind::Connect | ErrorKind::Certificate | ErrorKind::Status(502..=504)
    )
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn unreachable() -> Result<(), Error> {
        Err(Error::transport(ErrorKind::Connect, "refused"))
    }

    #[test]
    fn one_failure_moves_by_one_host_however_many_calls_saw_it() {
        let failover = Failover::new(SharedClock::new(ManualClock::at_unix(0)));
        for _ in 0..5 {
            failover.learn(0, 3, &unreachable());
        }
        assert_eq!(failover.choose(true), 1);
        failover.learn(1, 3, &unreachable());
        failover.learn(2, 3, &unreachable());
        assert_eq!(
            failover.choose(true),
            0,
            "the last is followed by the first"
        );
    }

    #[test]
    fn one_call_a_minute_tries_the_first_host() {
        let clock = ManualClock::at_unix(0);
        let failover = Failover::new(SharedClock::new(clock.clone()));
        failover.learn(0, 3, &unreachable());
        clock.advance(Duration::from_secs(59));
        assert_eq!(failover.choose(true), 1);
        clock.advance(Duration::from_secs(1));
        assert_eq!(failover.choose(false), 1, "a send does not try");
        assert_eq!((failover.choose(true), failover.choose(true)), (0, 1));
        failover.learn(0, 3, &unreachable());
        assert_eq!(failover.choose(true), 1);
        clock.advance(Duration::from_secs(60));
        assert_eq!(failover.choose(true), 0);
        failover.learn(0, 3, &Ok(()));
        assert_eq!(failover.choose(false), 0);
    }

    #[test]
    fn what_the_platform_itself_says_moves_nothing() {
        let failover = Failover::new(SharedClock::new(ManualClock::at_unix(0)));
        for kind in [
            ErrorKind::Timeout,
            ErrorKind::Transport,
            ErrorKind::Status(404),
            ErrorKind::Status(200),
            ErrorKind::Answer,
        ] {
            failover.learn(0, 3, &Err::<(), _>(Error::transport(kind, "x")));
        }
        failover.learn(0, 1, &unreachable());
        assert_eq!(failover.choose(true), 0);
    }
}
