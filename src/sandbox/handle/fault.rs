//! Injected faults, quotas and token expiry.

use std::time::Duration;

use ::http::Response;
use bytes::Bytes;

use super::Sandbox;
use crate::clock::Clock;
use crate::error::ErrCode;
use crate::sandbox::fault::Fault;

impl Sandbox {
    /// Expires all app tokens: calls are refused with 42001, and the next fetch returns new tokens.
    /// [`Tokens`](crate::Tokens) notices at the first refused call.
    pub fn expire_tokens(&self) {
        let now = self.clock.now();
        self.state().tokens.expire_all(now);
    }

    /// Refuses all current app tokens with 40001. `stable_token` keeps returning them until a
    /// forced refresh.
    pub fn refuse_tokens(&self) {
        self.state().tokens.refuse_current();
    }

    /// Refuses the next call of `path` with `code`. Repeated calls queue up.
    pub fn fail_next(&self, path: &str, code: ErrCode) {
        self.state().faults.push(path, Fault::Refuse(code));
    }

    /// Answers the next call of `path` with `response`, unchanged.
    pub fn answer_next(&self, path: &str, response: Response<Bytes>) {
        self.state().faults.push(path, Fault::Answer(response));
    }

    /// Delays the answer to the next call of `path`. The call itself takes effect at once.
    ///
    /// While a subscribe message waits for its answer, another one to the same user is refused with
    /// 43108.
    pub fn delay_next(&self, path: &str, delay: Duration) {
        self.state().faults.push(path, Fault::Delay(delay));
    }

    /// Breaks the connection of the next call of `path` before the call takes effect.
    pub fn drop_next(&self, path: &str) {
        self.state().faults.push(path, Fault::Drop);
    }

    /// Returns how often `path` was called.
    pub fn calls(&self, path: &str) -> usize {
        self.state().faults.calls(path)
    }

    /// Sets how often each app may call `path` a day. Defaults to 100,000.
    ///
    /// Calls beyond the quota are refused with 45009 until midnight, China time, or until the quota
    /// is cleared. The quota applies to calls of official accounts and to subscribe messages of
    /// mini-programs. Calls about quotas are exempt.
    pub fn set_daily_quota(&self, path: &str, calls: u64) {
        self.state().quotas.set_limit(path, calls);
    }
}
