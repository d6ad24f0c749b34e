//! What the crate needs of an async runtime.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tracing::Instrument;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An async runtime: it runs a task to its end even when the caller is gone, and it waits.
///
/// With the feature `tokio` (part of the default features) [`TokioRuntime`] is used. Under any
/// other runtime, implement these two methods and pass the value to the builder.
pub trait Runtime: Send + Sync + 'static {
    /// Runs `task` to its end, whatever becomes of the caller.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The tokio runtime that the caller runs in. Outside of one, tasks are given up with an error in
/// the log, and a wait does not end by itself.
#[cfg(feature = "tokio")]
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct TokioRuntime;

#[cfg(feature = "tokio")]
impl Runtime for TokioRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        // A future can outlive the runtime that it was polled in, and what is left of it is spawned
        // when it is dropped: where a panic could end the process.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(task)),
            Err(_) => tracing::error!("a task was given up: there is no tokio runtime any more"),
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // Who waits outside of a runtime has no timer; one of tokio's would panic.
        match tokio::runtime::Handle::try_current() {
            Ok(_) => Box::pin(tokio::time::sleep(duration)),
            Err(_) => Box::pin(std::future::pending()),
        }
    }
}

/// The runtime as the crate keeps it.
#[derive(Clone)]
pub(crate) struct SharedRuntime(Arc<dyn Runtime>);

impl SharedRuntime {
    pub(crate) fn new(runtime: impl Runtime) -> Self {
        Self(Arc::new(runtime))
    }

    /// The runtime that was given, or else the tokio runtime that the caller runs in, if it runs in
    /// one.
    pub(crate) fn or_current(given: Option<&Self>) -> Option<Self> {
        #[cfg(feature = "tokio")]
        return given.cloned().or_else(|| {
            tokio::runtime::Handle::try_current().ok()?;
            Some(Self::new(TokioRuntime))
        });
        #[cfg(not(feature = "tokio"))]
        given.cloned()
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // What a task logs belongs to the request that started it.
        self.0.spawn(Box::pin(task.in_current_span()));
    }

    pub(crate) fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }

    /// The output of `future`, or `None` when `limit` passed first.
    pub(crate) async fn timeout<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = pin!(future);
        // Made when it is needed: what is done at once pays for no timer.
        let mut sleep = None;
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                let sleep = sleep.get_or_insert_with(|| self.sleep(limit));
                sleep.as_mut().poll(cx).map(|()| None)
            }
        })
        .await
    }
}

impl fmt::Debug for SharedRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runtime")
    }
}
