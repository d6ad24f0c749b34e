//! Repeats what may be repeated.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use rand::RngExt;
use tower::retry::Policy;
use tower::retry::budget::{Budget, TpsBudget};

use super::CallContext;
use crate::error::{ErrCode, Error, ErrorClass};
use crate::runtime::{BoxFuture, Runtime, SharedRuntime};

/// The first pause; each further one is twice as long, and up to half as long again by chance.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Decides whether a call is made again, for [`tower::retry::Retry`].
///
/// A call is repeated, at most twice, when the platform surely did not act on it (it could not be
/// reached), or when it is [`repeatable`](CallContext::repeatable) and the failure may pass: no answer in
/// time, a broken connection, a gateway in the platform's place, or the code -1. A busy minute
/// (45011) is left to the caller: it passes in a minute, not in a second. All calls together may
/// add a fifth to their number by repeating, so that an outage is not made worse.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    runtime: SharedRuntime,
    budget: Arc<TpsBudget>,
    left: u32,
    pause: Duration,
}

impl RetryPolicy {
    /// The policy, pausing on a runtime.
    pub fn new(runtime: impl Runtime) -> Self {
        Self::shared(SharedRuntime::new(runtime))
    }

    pub(super) fn shared(runtime: SharedRuntime) -> Self {
        Self {
            runtime,
            budget: Arc::default(),
            left: 2,
            pause: FIRST_PAUSE,
        }
    }

    fn may_pass(call: &CallContext, result: &Result<Response<Bytes>, Error>) -> bool {
        match result {
            Ok(response) => {
                let code = response.extensions().get::<ErrCode>();
                call.repeatable() && code == Some(&ErrCode::SYSTEM_BUSY)
            }
            // An error that names a call already went through a stack of its own: a token's.
            Err(error) if error.endpoint().is_some() => false,
            Err(error) => {
                error.was_not_sent() || call.repeatable() && error.class() == ErrorClass::Retry
            }
        }
    }
}

impl Policy<Request<Bytes>, Response<Bytes>, Error> for RetryPolicy {
    type Future = BoxFuture<'static, ()>;

    fn retry(
        &mut self,
        request: &mut Request<Bytes>,
        result: &mut Result<Response<Bytes>, Error>,
    ) -> Option<Self::Future> {
        let repeats = CallContext::of(request).is_ok_and(|call| Self::may_pass(call, result));
        if !repeats {
            self.budget.deposit();
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        if !self.budget.withdraw() {
            return None;
        }
        let pause = self.pause.mul_f64(rand::rng().random_range(1.0..1.5));
        self.pause *= 2;
        Some(self.runtime.sleep(pause))
    }

    fn clone_request(&mut self, request: &Request<Bytes>) -> Option<Request<Bytes>> {
        Some(request.clone())
    }
}
