//! The inbox of a [`Deadline`](crate::callback::deadline::Deadline), which is used for late
//! messages only.

use std::time::Duration;

use super::held::{Held, store_failed};
use super::store::EntryKey;
use super::{Inbox, Outcome};
use crate::callback::dedup::{DedupKey, RunFailed};
use crate::callback::run::{Work, end_of};
use crate::callback::{Message, Reply};
use crate::runtime::SharedRuntime;
use crate::store::within;

/// How long a push waits for the store, to learn whether it was stored before a crash.
const ASKING: Duration = Duration::from_millis(400);

impl Inbox {
    /// Joins the running handler of a message that could not be stored at the deadline of an earlier
    /// push.
    pub(in crate::callback) fn join(&self, message: &Message) -> Option<(Held, Work<Reply>)> {
        let unkept = &self.core().unkept;
        if !unkept.any() {
            return None;
        }
        let (held, outcome) = unkept.join(&DedupKey::new(message))?;
        let work = async move { outcome.await.unwrap_or_else(|_| Err(RunFailed.into())) };
        Some((held, Box::pin(work)))
    }

    /// Passes the result of a handler to the push that joined it, if there is one. That push is then
    /// responsible for it.
    pub(in crate::callback) fn hand_over(&self, held: &Held, outcome: Outcome) -> Option<Outcome> {
        self.core().unkept.hand_over(&held.key().dedup, outcome)
    }

    /// Creates the entry of a message that is late.
    pub(in crate::callback) fn hold(&self, message: &Message) -> Held {
        Held::new(self, message)
    }

    /// Runs `work`, unless the message is one that an earlier process has acknowledged, or was about
    /// to. The store is only asked while that is possible.
    pub(in crate::callback) fn unless_known(
        &self,
        message: &Message,
        runtime: Option<&SharedRuntime>,
        work: Work<Reply>,
    ) -> Work<Reply> {
        if !self.core().has_left_over() {
            return work;
        }
        let (inbox, key) = (self.clone(), EntryKey::from_message(message));
        let runtime = SharedRuntime::or_current(runtime);
        Box::pin(async move {
            let known = async { inbox.core().store.is_known(&key).await };
            match within(runtime.as_ref(), ASKING, known).await {
                Ok(true) => return Ok(Reply::none()),
                Ok(false) => {}
                Err(error) => store_failed(&error),
            }
            end_of(work).await
        })
    }
}
