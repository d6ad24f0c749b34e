//! Counts running handlers, caps them, and waits for them at shutdown.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::sync::Notify;

use crate::app::AppId;
use crate::callback::memory::app_counts::{AppCounts, Counted};
use crate::callback::{Overloaded, metrics};

/// The default maximum of running handlers of each app.
const MAX: usize = 1024;

/// Counts running handlers, caps them for each app, and waits for them at shutdown.
///
/// The count includes late handlers and the copies that a
/// [`Forward`](crate::callback::forward::Forward) sends. Clones share one count. Several
/// [`DeadlineLayer`](super::DeadlineLayer)s may share a tracker.
///
/// At shutdown, after the server has stopped accepting requests, give the running handlers some
/// time to complete:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use tower::Layer;
/// use tower_wechat::callback::deadline::{DeadlineLayer, HandlerTracker};
/// use tower_wechat::{Message, handler_fn};
///
/// let handlers = HandlerTracker::new();
/// let handler = DeadlineLayer::ack()
///     .handlers(&handlers)
///     .layer(handler_fn(|_: Message| async { "hello" }));
/// // … serve …
/// let left = handlers.drain(tokio::time::sleep(Duration::from_secs(10))).await;
/// assert_eq!(left, 0);
/// # }
/// ```
#[derive(Clone)]
pub struct HandlerTracker(Arc<Shared>);

// A `Semaphore` for each app and a `watch` channel for the total take fewer lines, and 900 of 14,500
// instructions more for a push.
struct Shared {
    max: usize,
    running: Mutex<Running>,
    ended: Notify,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Running {
    all: usize,
    apps: AppCounts,
}

impl Default for HandlerTracker {
    fn default() -> Self {
        Self::new()
    }
}

impl HandlerTracker {
    /// Creates a tracker with a limit of 1024 running handlers for each app.
    pub fn new() -> Self {
        Self::with_max(MAX)
    }

    /// Creates a tracker with a limit of `max` running handlers for each app. A message beyond the
    /// limit fails with [`Overloaded`]. Handlers of one app that hang do not affect other apps.
    pub fn with_max(max: usize) -> Self {
        Self(Arc::new(Shared {
            max,
            running: Mutex::default(),
            ended: Notify::new(),
            dropped: AtomicU64::default(),
        }))
    }

    /// Returns the number of running handlers.
    pub fn running(&self) -> usize {
        self.state().all
    }

    /// Returns how many handlers were dropped because they exceeded
    /// [`max_life`](super::DeadlineLayer::max_life).
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Waits until no handler runs, or until `grace` completes, for example the runtime's `sleep`.
    /// Returns the number of handlers that still run. They are cancelled when the process exits.
    pub async fn drain(&self, grace: impl Future<Output = ()>) -> usize {
        let mut grace = pin!(grace);
        loop {
            // Registered before the count is read, so that no notification in between is missed.
            let mut ended = pin!(self.0.ended.notified());
            ended.as_mut().enable();
            let running = self.running();
            if running == 0 {
                return 0;
            }
            let graceful = poll_fn(|cx| match ended.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending => grace.as_mut().poll(cx).map(|()| false),
            });
            if !graceful.await {
                return self.running();
            }
        }
    }

    /// Counts a new handler of an app.
    pub(super) fn enter(&self, appid: &AppId) -> Result<Entered, Overloaded> {
        let mut running = self.state();
        match running.apps.increment(appid, self.0.max) {
            Some(app) => Ok(self.entered(running, Some(app))),
            None => Err(Overloaded::new()),
        }
    }

    /// Counts work that is limited elsewhere.
    pub(in crate::callback) fn enter_unlimited(&self) -> Entered {
        self.entered(self.state(), None)
    }

    fn entered(&self, mut running: MutexGuard<'_, Running>, app: Option<Counted>) -> Entered {
        running.all += 1;
        let handlers = self.clone();
        Entered { handlers, app }
    }

    /// Counts a handler that exceeded `max_life`.
    pub(super) fn drop_one(&self, appid: &AppId) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
        metrics::dropped(appid);
    }

    fn state(&self) -> MutexGuard<'_, Running> {
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HandlerTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerTracker")
            .field("running", &self.running())
            .field("max", &self.0.max)
            .finish()
    }
}

/// The guard of a running handler: uncounts it when dropped.
pub(in crate::callback) struct Entered {
    handlers: HandlerTracker,
    app: Option<Counted>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut running = self.handlers.state();
        running.all -= 1;
        let last = running.all == 0;
        if let Some(app) = self.app {
            running.apps.decrement(app);
        }
        drop(running);
        if last {
            self.handlers.0.ended.notify_waiters();
        }
    }
}
