//! The async runtime that the crate runs on.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tracing::Instrument;

/// A boxed future that is `Send`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An async runtime, which spawns tasks and waits for time to pass.
///
/// With the default feature `tokio`, the crate uses [`TokioRuntime`]. For any other runtime,
/// implement these two methods and pass the value to the builder.
pub trait Runtime: Send + Sync + 'static {
    /// Runs `task` to its end, even if the caller is dropped.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The tokio runtime of the caller.
///
/// Outside of a tokio runtime, tasks are dropped with an error in the log, and
/// [`sleep`](Runtime::sleep) never completes.
#[cfg(feature = "tokio")]
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct TokioRuntime;

#[cfg(feature = "tokio")]
impl Runtime for TokioRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        // A future can outlive its runtime and spawn its remaining work when it is dropped.
        // `tokio::spawn` would panic there, and a panic in a drop can abort the process.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(task)),
            Err(_) => tracing::error!("dropped a task: there is no tokio runtime"),
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // tokio's timer panics outside of a runtime.
        match tokio::runtime::Handle::try_current() {
            Ok(_) => Box::pin(tokio::time::sleep(duration)),
            Err(_) => Box::pin(std::future::pending()),
        }
    }
}

/// The crate's shared handle to a runtime.
#[derive(Clone)]
pub(crate) struct SharedRuntime(Arc<dyn Runtime>);

impl SharedRuntime {
    pub(crate) fn new(runtime: impl Runtime) -> Self {
        Self(Arc::new(runtime))
    }

    /// Returns `given`, or else the caller's tokio runtime if there is one.
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

    /// Returns the output of `future`, or `None` if `limit` passes first.
    pub(crate) async fn timeout<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = pin!(future);
        // Created at the first `Pending`: a future that is ready at once needs no timer. It is
        // polled after the future, so an output that is ready when the time is up is not lost.
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
