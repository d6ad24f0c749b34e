//! An entry that this process holds while its handler runs.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::store::{Entry, EntryKey, Put};
use super::{Inbox, NotStored, metrics, payload};
use crate::callback::Message;
use crate::callback::deadline::Entered;
use crate::error::chain;
use crate::runtime::SharedRuntime;
use crate::store::{Owner, StoreError, within};

/// How long a message may take to be stored. The platform gives up half a second after the deadline.
const STORING: Duration = Duration::from_millis(400);

/// The lease of an entry. If its holder dies, another process may take the entry after this time.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// The interval at which a lease is extended.
const RENEW: Duration = Duration::from_secs(5);

/// How long any other call of the store may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The pauses between the attempts to note the end of an entry.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(16),
];

/// An entry that this process holds, or may hold: a store that failed may have stored it. Clones
/// share the entry.
#[derive(Clone)]
pub(in crate::callback) struct Held(Arc<Shared>);

struct Shared {
    inbox: Inbox,
    key: EntryKey,
    owner: Owner,
    /// Whether the store was asked to store the entry.
    asked: AtomicBool,
    /// Whether the end of the run is being noted.
    ending: AtomicBool,
    _entered: Entered,
}

impl Held {
    /// The entry of a message that is not stored yet.
    pub(super) fn new(inbox: &Inbox, message: &Message) -> Self {
        let key = EntryKey::from_message(message);
        Self::with(inbox, key, Owner::new(), false)
    }

    /// An entry that was taken by `owner`.
    pub(super) fn taken(inbox: &Inbox, key: EntryKey, owner: Owner) -> Self {
        Self::with(inbox, key, owner, true)
    }

    fn with(inbox: &Inbox, key: EntryKey, owner: Owner, asked: bool) -> Self {
        Self(Arc::new(Shared {
            inbox: inbox.clone(),
            key,
            owner,
            asked: AtomicBool::new(asked),
            ending: AtomicBool::new(false),
            _entered: inbox.core().running.enter_unlimited(),
        }))
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.0.inbox
    }

    pub(super) fn key(&self) -> &EntryKey {
        &self.0.key
    }

    /// Stores the message, held by this process.
    pub(in crate::callback) async fn store(
        self,
        message: Message,
        runtime: SharedRuntime,
    ) -> Result<(), NotStored> {
        let Shared {
            inbox, key, owner, ..
        } = &*self.0;
        let entry = Entry::new(key.clone(), payload::encode(&message, None));
        self.0.asked.store(true, Ordering::Relaxed);
        let put = store(inbox, &entry, Some(owner), Some(&runtime)).await;
        // Known: another run has the entry.
        let is_held = !matches!(&put, Ok(Put::Known));
        let is_held = is_held && !put.as_ref().is_err_and(NotStored::is_full);
        self.0.asked.store(is_held, Ordering::Relaxed);
        if put.is_ok() {
            inbox.core().unkept.end(&key.dedup);
        }
        put.map(drop)
    }

    /// Lets the platform's next push join the handler.
    pub(in crate::callback) fn allow_join(&self) {
        self.inbox().core().unkept.insert(self.clone());
    }

    pub(super) fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// Runs `work`, and extends the lease meanwhile.
    pub(in crate::callback) async fn renewing<T>(
        &self,
        runtime: &SharedRuntime,
        work: impl Future<Output = T>,
    ) -> T {
        let (mut work, mut renew) = (pin!(work), pin!(self.renew(runtime)));
        let mut renews = true;
        poll_fn(|cx| {
            let polled = work.as_mut().poll(cx);
            if polled.is_pending() && renews {
                renews = renew.as_mut().poll(cx).is_pending();
            }
            polled
        })
        .await
    }

    /// Extends the lease until the entry is lost.
    async fn renew(&self, runtime: &SharedRuntime) {
        let Shared {
            inbox, key, owner, ..
        } = &*self.0;
        let mut failed = false;
        loop {
            runtime.sleep(RENEW).await;
            if !self.is_asked() {
                continue;
            }
            let renewed = async { inbox.core().store.renew(key, owner, LEASE).await };
            match within(Some(runtime), PATIENCE, renewed).await {
                Ok(true) => {}
                // The run has just ended.
                Ok(false) if self.0.ending.load(Ordering::Relaxed) => return,
                Ok(false) => {
                    tracing::warn!(
                        appid = %key.appid,
                        "lost a message of the inbox while its handler was running: it may be \
                         handled twice"
                    );
                    return;
                }
                // Once for each run: a handler may run for ten minutes.
                Err(error) if !failed => {
                    failed = true;
                    store_failed(&error);
                }
                Err(_) => {}
            }
        }
    }

    /// Removes the entry. `window` is how long its key stays known.
    pub(super) async fn finish(&self, runtime: &SharedRuntime, window: Duration) {
        let Shared {
            inbox, key, owner, ..
        } = &*self.0;
        self.noted(runtime, || async {
            inbox.core().store.finish(key, owner, window).await
        })
        .await;
    }

    /// Removes an entry whose push is not acknowledged.
    pub(in crate::callback) fn forget(self, runtime: Option<&SharedRuntime>, is_handled: bool) {
        let Some(runtime) = SharedRuntime::or_current(runtime) else {
            return;
        };
        if !self.is_asked() {
            return;
        }
        let window = match is_handled {
            true => self.inbox().remembers(),
            // The platform sends the push again, and it must run.
            false => Duration::ZERO,
        };
        runtime.clone().spawn(async move {
            self.finish(&runtime, window).await;
        });
    }

    /// Returns the entry to its place, to run again after `pause`. Returns whether it is there.
    pub(super) async fn retry(
        &self,
        runtime: &SharedRuntime,
        pause: Duration,
        payload: Option<bytes::Bytes>,
    ) -> bool {
        let Shared {
            inbox, key, owner, ..
        } = &*self.0;
        self.noted(runtime, || async {
            let payload = payload.as_ref();
            inbox.core().store.retry(key, owner, pause, payload).await
        })
        .await
    }

    /// Makes the entry a dead letter, and counts it.
    pub(super) async fn bury(&self, runtime: &SharedRuntime, error: &str) -> bool {
        let Shared {
            inbox, key, owner, ..
        } = &*self.0;
        inbox.core().counts.buried.add();
        metrics::ended(&key.appid, "buried");
        self.noted(runtime, || async {
            let limits = inbox.dead_limits();
            inbox.core().store.bury(key, owner, error, limits).await
        })
        .await
    }

    /// Notes the end of a run. A store that fails is asked again; if it keeps failing, the lease
    /// ends, and the entry runs again.
    async fn noted<F>(&self, runtime: &SharedRuntime, note: impl Fn() -> F) -> bool
    where
        F: Future<Output = Result<bool, StoreError>>,
    {
        self.0.ending.store(true, Ordering::Relaxed);
        let mut pauses = PAUSES.into_iter();
        let noted = loop {
            match within(Some(runtime), PATIENCE, note()).await {
                Ok(noted) => break noted,
                Err(error) => {
                    store_failed(&error);
                    match pauses.next() {
                        Some(pause) => runtime.sleep(pause).await,
                        None => break false,
                    }
                }
            }
        };
        self.0.asked.store(false, Ordering::Relaxed);
        self.inbox().core().arrived.notify_one();
        noted
    }
}

/// Stores a message in time, or says why not.
pub(super) async fn store(
    inbox: &Inbox,
    entry: &Entry,
    holder: Option<&Owner>,
    runtime: Option<&SharedRuntime>,
) -> Result<Put, NotStored> {
    let core = inbox.core();
    let put = async { core.store.put(entry, holder, LEASE).await };
    let put = match within(runtime, STORING, put).await {
        Ok(Put::Full) => Err(NotStored::full()),
        Ok(put) => Ok(put),
        Err(error) => Err(NotStored::failed(error)),
    };
    let appid = &entry.key.appid;
    match &put {
        Ok(Put::Stored) => {
            core.counts.stored.add();
            metrics::stored(appid);
        }
        Ok(_) => {}
        Err(error) => refused(inbox, appid, error),
    }
    put
}

/// Counts and logs a message that was not stored.
pub(super) fn refused(inbox: &Inbox, appid: &crate::app::AppId, error: &NotStored) {
    inbox.core().counts.refused.add();
    metrics::refused(appid, error.reason());
    let error = error.to_string();
    tracing::error!(%appid, error, "a push is not acknowledged, so that the platform sends it again");
}

/// Logs an error of the store, unless the store has.
pub(super) fn store_failed(error: &StoreError) {
    if !error.is_logged() {
        tracing::warn!(error = chain(error), "the store of the inbox failed");
    }
}
