//! The handle of an inbox, and its settings.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use super::embedded::EmbeddedInboxStore;
use super::inline::InlineEvents;
use super::store::{DeadLimits, InboxStore, SharedStore};
use crate::callback::Message;
use crate::error::Error;

const WORKERS: usize = 16;
const TRIES: u32 = 8;
/// The platform's retries of a push arrive within ten seconds.
const WINDOW: Duration = Duration::from_secs(75);
const DEAD_MAX: usize = 1000;
const DEAD_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Keeps messages until they are handled: see the [module documentation](super). Clones share the
/// entries.
///
/// The first handler that an inbox is applied to runs what is stored, on the runtime where it is
/// applied, or else on that of the first message. It runs until [`close`](Self::close) is called or
/// the runtime ends.
#[derive(Clone)]
pub struct Inbox(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    core: Arc<Core>,
    workers: usize,
    tries: u32,
    window: Duration,
    dead: DeadLimits,
    inline: InlineEvents,
}

impl Inbox {
    /// Opens or creates an inbox in a file: see [`EmbeddedInboxStore`].
    ///
    /// # Errors
    /// As [`EmbeddedInboxOptions::open`](super::EmbeddedInboxOptions::open).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        EmbeddedInboxStore::open(path).map(Self::new)
    }

    /// Creates an inbox on Redis, which several processes can share: see
    /// [on Redis](super#on-redis).
    ///
    /// ```
    /// use tower_wechat::callback::inbox::Inbox;
    /// use tower_wechat::shared::redis::RedisStore;
    ///
    /// let redis = RedisStore::new("redis://127.0.0.1:6379")?.prefix("shop");
    /// let inbox = Inbox::redis(redis);
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn redis(store: crate::shared::redis::RedisStore) -> Self {
        Self::new(store)
    }

    /// Creates an inbox over a store, for example an [`EmbeddedInboxStore`] with other settings.
    pub fn new(store: impl InboxStore) -> Self {
        Self(Arc::new(Settings {
            core: Arc::new(Core::new(SharedStore::new(store))),
            workers: WORKERS,
            tries: TRIES,
            window: WINDOW,
            dead: DeadLimits::new(DEAD_MAX, DEAD_AGE),
            inline: InlineEvents::default(),
        }))
    }

    /// Sets how many stored messages run at once in this process. Defaults to 16. The messages of a
    /// user run one after the other.
    #[must_use]
    pub fn workers(self, workers: usize) -> Self {
        self.with(|settings| settings.workers = workers.max(1))
    }

    /// Sets how often a message is tried before it becomes a dead letter. Defaults to 8, in about 45
    /// minutes.
    #[must_use]
    pub fn tries(self, tries: u32) -> Self {
        self.with(|settings| settings.tries = tries.max(1))
    }

    /// Sets for how long a handled message is remembered, so that a retried push is not handled
    /// again. Defaults to 75 seconds, as for [`dedup`](crate::callback::dedup).
    #[must_use]
    pub fn window(self, window: Duration) -> Self {
        self.with(|settings| settings.window = window)
    }

    /// Sets how many dead letters are kept, and for how long. Defaults to 1000, for seven days.
    #[must_use]
    pub fn dead_letter_limits(self, max: usize, max_age: Duration) -> Self {
        self.with(|settings| settings.dead = DeadLimits::new(max, max_age))
    }

    /// Adds events that must be answered by their handler, because `success` is not their answer.
    /// They are neither stored nor answered at the deadline.
    ///
    /// The events of virtual payment are always among them: see
    /// [`Reply::acknowledged`](crate::Reply::acknowledged).
    #[must_use]
    pub fn inline_events(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|settings| settings.inline = settings.inline.and(names))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Stops taking stored messages, and waits until no handler of a stored message runs, or until
    /// `grace` completes, for example the runtime's `sleep`. Returns how many still run.
    ///
    /// What is not handled stays in the store, and runs at the next start. Messages can still be
    /// stored. Call this at shutdown, after the server has stopped accepting requests.
    ///
    /// ```no_run
    /// # async fn shutdown() -> Result<(), tower_wechat::Error> {
    /// use std::time::Duration;
    /// use tower_wechat::callback::inbox::Inbox;
    ///
    /// let inbox = Inbox::open("data/inbox.redb")?;
    /// // … serve …
    /// let left = inbox.close(tokio::time::sleep(Duration::from_secs(10))).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self, grace: impl Future<Output = ()>) -> usize {
        self.0.core.close();
        self.0.core.running.drain(grace).await
    }

    /// Returns the number of running handlers of stored messages.
    pub fn running(&self) -> usize {
        self.0.core.running.running()
    }

    pub(super) fn core(&self) -> &Core {
        &self.0.core
    }

    pub(super) fn worker_count(&self) -> usize {
        self.0.workers
    }

    pub(super) fn max_tries(&self) -> u32 {
        self.0.tries
    }

    pub(super) fn remembers(&self) -> Duration {
        self.0.window
    }

    pub(super) fn dead_limits(&self) -> DeadLimits {
        self.0.dead
    }

    /// Whether `success` would not answer this push.
    pub(in crate::callback) fn runs_inline(&self, message: &Message) -> bool {
        self.0.inline.contains(message)
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("workers", &self.0.workers)
            .field("tries", &self.0.tries)
            .field("running", &self.running())
            .finish_non_exhaustive()
    }
}
