//! The end of a run: its reply is sent and the entry removed, or it is tried again.

use std::time::Duration;

use super::deliver::Delivery;
use super::held::Held;
use super::unkept::Outcome;
use super::{metrics, payload};
use crate::callback::{Message, Reply};
use crate::error::{BoxError, chain};

/// The pause after the first try. Each next one is four times as long.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// A run of a message whose push is acknowledged, or whose entry is stored.
pub(in crate::callback) struct Run {
    pub(in crate::callback) held: Held,
    pub(in crate::callback) message: Message,
    /// The number of this try, counted from 1.
    pub(in crate::callback) attempt: u32,
    pub(in crate::callback) delivery: Delivery,
}

impl Run {
    /// Ends a run with the result of its handler.
    pub(in crate::callback) async fn end(self, outcome: Outcome) {
        let held = self.held.clone();
        // A hook may take longer than the lease.
        held.renewing(&self.delivery.runtime, self.settle(outcome))
            .await;
    }

    async fn settle(&self, outcome: Outcome) {
        let reply = match outcome {
            Ok(reply) => reply,
            Err(error) => return self.failed(&error, None).await,
        };
        let inbox = self.held.inbox();
        let sent = self.delivery.send(inbox, &self.message, reply.clone());
        match sent.await {
            Ok(()) => {
                if self.held.is_asked() {
                    metrics::ended(self.message.appid(), "done");
                    let window = inbox.remembers();
                    self.held.finish(&self.delivery.runtime, window).await;
                }
            }
            // The handler has succeeded, so only the reply is tried again.
            Err(error) => self.failed(&error, Some(&reply)).await,
        }
    }

    /// Tries again later, or gives up. `reply` is the reply of a handler that has succeeded.
    async fn failed(&self, error: &BoxError, reply: Option<&Reply>) {
        let (appid, attempt, inbox) = (self.message.appid(), self.attempt, self.held.inbox());
        let error = chain(&**error);
        let what = match reply {
            None => "the handler failed after its push was answered",
            Some(_) => "could not send a late reply",
        };
        if !self.held.is_asked() {
            return tracing::error!(%appid, error, "{what}");
        }
        let runtime = &self.delivery.runtime;
        if attempt >= inbox.max_tries() {
            tracing::error!(%appid, attempt, error, "{what}: it becomes a dead letter");
            self.held.bury(runtime, &error).await;
            return;
        }
        let pause = pause(attempt);
        tracing::warn!(%appid, attempt, ?pause, error, "{what}: it is tried again");
        inbox.core().counts.retries.add();
        metrics::ended(appid, "retried");
        let payload = reply.map(|reply| payload::encode(&self.message, Some(reply)));
        if !self.held.retry(runtime, pause, payload).await {
            tracing::error!(%appid, "could not note that a message of the inbox is tried again");
        }
    }
}

/// Returns the pause after a try.
fn pause(attempt: u32) -> Duration {
    let factor = 4_u32.saturating_pow(attempt.saturating_sub(1));
    PAUSE.saturating_mul(factor).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_ten_minutes() {
        let pauses = [1, 2, 3, 5, 6, 7, u32::MAX].map(|attempt| pause(attempt).as_secs());
        assert_eq!(pauses, [1, 4, 16, 256, 600, 600, 600]);
    }
}
