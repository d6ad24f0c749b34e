//! The pauses between attempts to connect again.

use std::time::Duration;

use tokio::time::sleep;

use crate::random::jittered;

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Pauses that double from 50 milliseconds to 2 seconds.
pub(super) struct BackOff {
    pause: Duration,
}

impl BackOff {
    pub(super) fn new() -> Self {
        Self { pause: PAUSE_MIN }
    }

    /// Waits, and doubles the next pause.
    pub(super) async fn rest(&mut self) {
        // Instances that lost the server together should not return together.
        sleep(jittered(self.pause, 0.5..1.0)).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }

    /// Starts over with the shortest pause.
    pub(super) fn reset(&mut self) {
        self.pause = PAUSE_MIN;
    }
}
