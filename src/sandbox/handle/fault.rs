//! Faults, quotas and the end of tokens.

use std::time::Duration;

use ::http::Response;
use bytes::Bytes;

use super::Sandbox;
use crate::clock::Clock;
use crate::error::ErrCode;
use crate::sandbox::fault::Fault;

impl Sandbox {
    /// Ends the life of all app tokens: calls answer 42001, and the next fetch brings new ones.
    /// [`Tokens`](crate::Tokens) learns of it by the first call that is refused.
    pub fn expire_tokens(&self) {
        let now = self.clock.now();
        self.state().tokens.expire_all(now);
    }

    /// Refuses all current app tokens with 40001 although `stable_token` goes on handing them out,
    /// until a forced refresh.
    pub fn refuse_tokens(&self) {
        self.state().tokens.refuse_current();
    }

    /// Refuses the next call of `path` with `code`. Several are refused in turn.
    pub fn fail_next(&self, path: &str, code: ErrCode) {
        self.state().faults.push(path, Fault::Refuse(code));
    }

    /// Answers the next call of `path` with `response`, whatever it says.
    pub fn answer_next(&self, path: &str, response: Response<Bytes>) {
        self.state().faults.push(path, Fault::Answer(response));
    }

    /// Answers the next call of `path` after `delay`; the call takes effect at once. Until a
    /// subscribe message is answered, another one to the same user is refused with 43108.
    pub fn delay_next(&self, path: &str, delay: Duration) {
        self.state().faults.push(path, Fault::Delay(delay));
    }

    /// Breaks the connection of the next call of `path` before it takes effect.
    pub fn drop_next(&self, path: &str) {
        self.state().faults.push(path, Fault::Drop);
    }

    /// How often `path` was called.
    pub fn calls(&self, path: &str) -> usize {
        self.state().faults.calls(path)
    }

    /// Lets each app make the call of `path` so often a day; 100,000 times if not called. More are
    /// refused with 45009 until midnight, China time, or until the quota is cleared. It holds for
    /// the calls of official accounts.
    pub fn set_daily_quota(&self, path: &str, calls: u64) {
        self.state().quotas.set_limit(path, calls);
    }
}
