//! Repeats what may be repeated.

use std::time::Duration;

use rand::RngExt;
use tower::retry::budget::{Budget, TpsBudget};

use super::call::{CallContext, Judged};
use crate::api::Verdict;
use crate::error::{ErrCode, Error, ErrorClass};
use crate::runtime::{BoxFuture, SharedRuntime};

/// How often a call is repeated at most.
const REPEATS: u32 = 2;

/// The first pause; each further one is twice as long, and up to half as long again by chance.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Decides whether a call is made again.
///
/// A call is repeated when the platform surely did not act on it (it could not be reached), or when
/// it is [`repeatable`](CallContext::repeatable) and the failure may pass: no answer in time, a
/// broken connection, a gateway in the platform's place, or the code -1. A busy minute (45011) is
/// left to the caller: it passes in a minute, not in a second. All calls together may add a fifth
/// to their number by repeating, so that an outage is not made worse.
pub(super) struct Retry {
    runtime: SharedRuntime,
    budget: TpsBudget,
}

/// What is left of one call's repeats.
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
    /// The pause before the call is made again; `None` if it is not.
    pub(super) fn next(
        &mut self,
        call: &CallContext,
        result: &Result<Judged, Error>,
    ) -> Option<BoxFuture<'static, ()>> {
        if !may_pass(call, result) {
            self.retry.budget.deposit();
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        if !self.retry.budget.withdraw() {
            return None;
        }
        let pause = self.pause.mul_f64(rand::rng().random_range(1.0..1.5));
        self.pause *= 2;
        Some(self.retry.runtime.sleep(pause))
    }
}

fn may_pass(call: &CallContext, result: &Result<Judged, Error>) -> bool {
    match result {
        Ok(answer) => call.repeatable() && answer.verdict == Verdict::Refused(ErrCode::SYSTEM_BUSY),
        // An error that names a call has been through the stack already: a token's.
        Err(error) if error.endpoint().is_some() => false,
        Err(error) => {
            error.was_not_sent() || call.repeatable() && error.class() == ErrorClass::Retry
        }
    }
}
