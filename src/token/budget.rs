//! The platform's budgets of token calls.

use std::collections::VecDeque;
use std::time::Duration;

use super::TokenKind;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Forced refreshes a day, over all instances.
pub(crate) const FORCED_A_DAY: usize = 20;
/// The pause between two forced refreshes.
pub(crate) const FORCED_APART: Duration = Duration::from_secs(30);

/// Forced refreshes a day for an instance that cannot count those of the others.
const FORCED_ALONE: usize = 2;

impl TokenKind {
    /// Returns how many fetches the platform allows in each span.
    pub(crate) fn fetches(self) -> &'static [(Duration, u64)] {
        match self {
            Self::StableAccessToken => &[(MINUTE, 10_000), (DAY, 500_000)],
            Self::AccessToken => &[(DAY, 2000)],
            // The platform documents no limit.
            Self::JsapiTicket | Self::WxCardTicket => &[],
        }
    }
}

/// The forced refreshes of the last day, in monotonic time, so that setting the wall clock grants
/// no further one.
#[derive(Debug, Default)]
pub(super) struct Forced(VecDeque<Duration>);

impl Forced {
    /// Takes one from the whole budget.
    pub(super) fn take(&mut self, now: Duration) -> bool {
        self.take_of(now, FORCED_A_DAY)
    }

    /// Takes one from the share of an instance that is alone, while the shared store fails.
    pub(super) fn take_alone(&mut self, now: Duration) -> bool {
        self.take_of(now, FORCED_ALONE)
    }

    /// Returns whether one was taken in the last day.
    pub(super) fn counts(&self, now: Duration) -> bool {
        let last = self.0.back();
        last.is_some_and(|last| now.saturating_sub(*last) < DAY)
    }

    fn take_of(&mut self, now: Duration, max: usize) -> bool {
        let age = |time: &Duration| now.saturating_sub(*time);
        while self.0.front().is_some_and(|first| age(first) >= DAY) {
            self.0.pop_front();
        }
        let rested = self.0.back().is_none_or(|last| age(last) >= FORCED_APART);
        let granted = rested && self.0.len() < max;
        if granted {
            self.0.push_back(now);
        }
        granted
    }
}

/// The fetches of the current spans, in monotonic time.
#[derive(Debug, Default)]
pub(super) struct Fetches(Vec<Span>);

#[derive(Debug, Default, Clone)]
struct Span {
    began: Duration,
    count: u64,
}

impl Fetches {
    /// Takes one fetch of this kind of token. Returns whether all of its spans had one left.
    pub(super) fn take(&mut self, kind: TokenKind, now: Duration) -> bool {
        let limits = kind.fetches();
        self.0.resize(limits.len(), Span::default());
        for (span, (length, _)) in self.0.iter_mut().zip(limits) {
            if span.count == 0 || now.saturating_sub(span.began) >= *length {
                *span = Span {
                    began: now,
                    count: 0,
                };
            }
        }
        let left = |(span, (_, max)): (&Span, &(Duration, u64))| span.count < *max;
        let granted = self.0.iter().zip(limits).all(left);
        if granted {
            self.0.iter_mut().for_each(|span| span.count += 1);
        }
        granted
    }

    /// Returns whether one was taken in a span that has not ended.
    pub(super) fn counts(&self, kind: TokenKind, now: Duration) -> bool {
        let mut spans = self.0.iter().zip(kind.fetches());
        spans.any(|(span, (length, _))| now.saturating_sub(span.began) < *length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fetches_of_a_span_are_counted_and_return_with_the_next() {
        let mut fetches = Fetches::default();
        let at = Duration::from_secs;
        let taken = (0..3000).filter(|_| fetches.take(TokenKind::AccessToken, at(5)));
        assert_eq!(taken.count(), 2000);
        assert!(!fetches.take(TokenKind::AccessToken, at(86_404)));
        assert!(fetches.take(TokenKind::AccessToken, at(86_405)));
        assert!((0..9000).all(|_| fetches.take(TokenKind::JsapiTicket, at(0))));
    }

    #[test]
    fn alone_an_instance_forces_few() {
        let mut forced = Forced::default();
        let at = |n: u64| Duration::from_secs(30 * n);
        assert_eq!((0..9).filter(|n| forced.take_alone(at(*n))).count(), 2);
        assert_eq!((9..90).filter(|n| forced.take(at(*n))).count(), 18);
    }
}
