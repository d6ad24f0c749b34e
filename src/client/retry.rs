//! Repeats calls that failed for a transient reason.

use std::time::Duration;

use tower::retry::budget::{Budget, TpsBudget};

use super::call::{CallContext, Judged};
use crate::api::Verdict;
use crate::error::{ErrCode, Error, ErrorClass};
use crate::random::jittered;
use crate::runtime::{BoxFuture, SharedRuntime};

/// The maximum number of repeats per call.
const REPEATS: u32 = 2;

/// The first pause. Each further one is twice as long. A random jitter adds up to half of it.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Decides whether a call is made again.
///
/// A call is repeated in two cases:
///
/// - The platform certainly did not act on it, because it could not be reached.
/// - The call is [`repeatable`](CallContext::repeatable) and the failure is transient: a timeout, a
///   broken connection, an answer of a gateway, or the code -1.
///
/// The per-minute rate limit (45011) is left to the caller: it lasts a minute, longer than these
/// pauses. A shared budget limits the repeats to a fifth of all calls, plus ten a second, so that
/// they don't make an outage worse.
pub(super) struct Retry {
    runtime: SharedRuntime,
    budget: TpsBudget,
}

/// The remaining repeats of one call.
pub(super) struct Attempts<'a> {
    retry: &'a Retry,
    left: u32,
    pause: Duration,
}

impl Retry {
    pub(super) fn new(runtime: SharedRuntime) -> Self {
        Self {
            runtime,
            budget: TpsBudget::default(),
        }
    }

    pub(super) fn attempts(&self) -> Attempts<'_> {
        Attempts {
            retry: self,
            left: REPEATS,
            pause: FIRST_PAUSE,
        }
    }
}

impl Attempts<'_> {
    /// Returns the pause before the next attempt, or `None` if there is none.
    pub(super) fn next(
        &mut self,
        call: &CallContext,
        result: &Result<Judged, Error>,
    ) -> Option<BoxFuture<'static, ()>> {
        if !may_pass(call, result) {
            self.retry.budget.deposit();
            return None;
        }
        // Checked before `withdraw`, so that a call without repeats left takes nothing from the
        // budget.
        self.left = self.left.checked_sub(1)?;
        if !self.retry.budget.withdraw() {
            return None;
        }
        let pause = jittered(self.pause, 1.0..1.5);
        self.pause *= 2;
        Some(self.retry.runtime.sleep(pause))
    }
}

fn may_pass(call: &CallContext, result: &Result<Judged, Error>) -> bool {
    match result {
        Ok(answer) => call.repeatable() && answer.verdict == Verdict::Refused(ErrCode::SYSTEM_BUSY),
        // An error with an endpoint comes from fetching a token, which has already been retried.
        Err(error) if error.endpoint().is_some() => false,
        Err(error) => {
            error.was_not_sent() || call.repeatable() && error.class() == ErrorClass::Retry
        }
    }
}
