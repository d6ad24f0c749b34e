//! A clock that follows tokio's, so that a test whose clock is paused takes no time.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tower_wechat::{Clock, ManualClock};

pub struct TokioClock(Instant);

impl TokioClock {
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        ManualClock::at_unix(1_767_225_600).now() + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}
