//! A counter of calls per day.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

/// The times of the last day's calls, oldest first.
#[derive(Debug, Default)]
pub(super) struct Calls(VecDeque<SystemTime>);

impl Calls {
    pub(super) fn of_the_day(&mut self, now: SystemTime) -> usize {
        while self.0.front().is_some_and(|first| age(*first, now) >= DAY) {
            self.0.pop_front();
        }
        self.0.len()
    }

    pub(super) fn last(&self) -> Option<SystemTime> {
        self.0.back().copied()
    }

    pub(super) fn add(&mut self, now: SystemTime) {
        self.0.push_back(now);
    }
}

pub(super) fn age(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}
