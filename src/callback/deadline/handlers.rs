//! Counts the handlers that work.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::sync::Notify;

use crate::callback::Overloaded;

/// How many handlers may work at once.
const MAX: usize = 1024;

/// The handlers that work, late ones included: how many they are, how many they may be, and when
/// they have ended. Its clones are the same one; one may stand for several
/// [`DeadlineLayer`](super::DeadlineLayer)s.
///
/// On shutdown, after the server has stopped to take requests, give those that still work some time
/// to end:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use tower::Layer;
/// use tower_wechat::callback::deadline::{DeadlineLayer, Handlers};
/// use tower_wechat::{Message, handler_fn};
///
/// let handlers = Handlers::new();
/// let handler = DeadlineLayer::ack()
///     .handlers(&handlers)
///     .layer(handler_fn(|_: Message| async { "hello" }));
/// // … serve …
/// let left = handlers.drain(tokio::time::sleep(Duration::from_secs(10))).await;
/// assert_eq!(left, 0);
/// # }
/// ```
#[derive(Clone)]
pub struct Handlers(Arc<Shared>);

struct Shared {
    max: usize,
    running: AtomicUsize,
    ended: Notify,
}

impl Default for Handlers {
    fn default() -> Self {
        Self::new()
    }
}

impl Handlers {
    /// At most 1024 handlers at once.
    pub fn new() -> Self {
        Self::limited(MAX)
    }

    /// At most `max` handlers at once; a message beyond them fails with [`Overloaded`].
    pub fn limited(max: usize) -> Self {
        Self(Arc::new(Shared {
            max,
            running: AtomicUsize::new(0),
            ended: Notify::new(),
        }))
    }

    /// How many work.
    pub fn running(&self) -> usize {
        self.0.running.load(Ordering::Acquire)
    }

    /// Waits until none works, or until `grace` ends, such as the runtime's `sleep`. Returns how
    /// many are left: they are cut off when the process ends.
    pub async fn drain(&self, grace: impl Future<Output = ()>) -> usize {
        let mut grace = pin!(grace);
        loop {
            // Before the count is read, so that an end in between is not missed.
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

    pub(super) fn enter(&self) -> Result<Entered, Overloaded> {
        let entered = self
            .0
            .running
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |running| {
                (running < self.0.max).then_some(running + 1)
            });
        match entered {
            Ok(_) => Ok(Entered(self.clone())),
            Err(_) => Err(Overloaded::new()),
        }
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("running", &self.running())
            .field("max", &self.0.max)
            .finish()
    }
}

/// One handler that works.
pub(super) struct Entered(Handlers);

impl Drop for Entered {
    fn drop(&mut self) {
        if self.0.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.0.ended.notify_waiters();
        }
    }
}
