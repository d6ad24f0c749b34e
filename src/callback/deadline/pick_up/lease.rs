//! A part between its removal from the store and its delivery.

use std::time::Duration;

use super::{PickUp, Taken, parts};
use crate::callback::dedup::{DedupKey, PATIENCE};
use crate::callback::{Message, Reply};
use crate::error::chain;
use crate::runtime::SharedRuntime;
use crate::store::{StoreError, within};

/// The pauses between the attempts to give a part back. The store keeps the part for a minute.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(16),
];

/// A part that a message took. It is given back if this is dropped before `show`, because the
/// handler failed, the deadline passed, or the connection was closed.
pub(in crate::callback::deadline) struct Lease {
    pick_up: PickUp,
    message: Message,
    runtime: SharedRuntime,
    held: Held,
}

enum Held {
    /// Unknown whether a part was taken: the store has not answered, or it failed.
    Unknown,
    Part(Taken),
    Nothing,
}

impl PickUp {
    /// Takes the next part for `message`. An error of the store is logged, and the message is
    /// handled as if no part were waiting. Without a runtime for the timeout, the store is not
    /// called.
    pub(in crate::callback::deadline) async fn take(
        self,
        message: Message,
        runtime: Option<SharedRuntime>,
    ) -> Option<Lease> {
        let runtime = SharedRuntime::or_current(runtime.as_ref())?;
        // Created before the call: if this future is dropped during the call, the part is given
        // back.
        let mut lease = Lease {
            pick_up: self,
            message,
            runtime,
            held: Held::Unknown,
        };
        let Lease {
            pick_up, message, ..
        } = &lease;
        let (appid, openid) = (message.appid(), message.from_user_name());
        let key = DedupKey::new(message);
        let taken = within(Some(&lease.runtime), PATIENCE, async {
            pick_up.kept().take(appid, openid, &key).await
        });
        match taken.await {
            Ok(Some(taken)) => {
                lease.held = Held::Part(taken);
                Some(lease)
            }
            Ok(None) => {
                lease.held = Held::Nothing;
                None
            }
            Err(error) => {
                failed(message, &error);
                None
            }
        }
    }
}

impl PickUp {
    /// Gives back the part of a message. A store that could not do so is asked again: one that did
    /// not answer in time may have handed out the part, and may be back in a moment.
    async fn give_back(
        &self,
        message: &Message,
        runtime: &SharedRuntime,
    ) -> Result<(), StoreError> {
        let (appid, openid) = (message.appid(), message.from_user_name());
        let key = DedupKey::new(message);
        let give = || {
            within(Some(runtime), PATIENCE, async {
                self.kept().give_back(appid, openid, &key).await
            })
        };
        let mut given = give().await;
        // While the store is down, every message asks: only some of them repeat it.
        if given.is_err()
            && let Ok(_repeating) = self.0.returns.try_acquire()
        {
            for pause in PAUSES {
                runtime.sleep(pause).await;
                given = give().await;
                if given.is_ok() {
                    break;
                }
            }
        }
        given
    }
}

impl Lease {
    /// Returns the part as the user sees it. `more` parts are about to be added to the queue.
    pub(in crate::callback::deadline) fn show(mut self, more: usize) -> Reply {
        match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Part(Taken { reply, left }) => {
                let left = left.saturating_add(more);
                self.pick_up.0.remaining.show(Taken { reply, left })
            }
            Held::Unknown | Held::Nothing => Reply::none(),
        }
    }

    /// Returns how many parts of `reply` can be stored.
    pub(in crate::callback::deadline) fn parts_of(&self, reply: &Reply) -> usize {
        let parts = parts::of(reply).map_or(0, |parts| parts.len());
        parts.min(self.pick_up.0.max_parts)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Also gives back for `Unknown`: a call that timed out may still have taken a part.
        if matches!(self.held, Held::Nothing) {
            return;
        }
        let (pick_up, message) = (self.pick_up.clone(), self.message.clone());
        let runtime = self.runtime.clone();
        self.runtime.spawn(async move {
            if let Err(error) = pick_up.give_back(&message, &runtime).await {
                failed(&message, &error);
            }
        });
    }
}

fn failed(message: &Message, error: &StoreError) {
    if !error.is_logged() {
        let (appid, error) = (message.appid(), chain(error));
        tracing::warn!(%appid, error, "the store of late replies failed");
    }
}
