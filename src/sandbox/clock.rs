//! A clock that can be advanced.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::clock::{Clock, SharedClock};

#[derive(Debug, Clone)]
pub(super) struct ShiftedClock {
    base: SharedClock,
    shift: Arc<Mutex<Duration>>,
}

impl ShiftedClock {
    pub(super) fn new(base: impl Clock) -> Self {
        Self {
            base: SharedClock::new(base),
            shift: Arc::default(),
        }
    }

    pub(super) fn advance(&self, by: Duration) {
        *self.shift.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    fn shift(&self) -> Duration {
        *self.shift.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> SystemTime {
        self.base.now() + self.shift()
    }

    fn monotonic(&self) -> Duration {
        self.base.monotonic() + self.shift()
    }
}
