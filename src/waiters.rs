//! Callers who wait for work that goes on without them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError, oneshot};

use crate::error::{Error, ErrorKind};
use crate::runtime::SharedRuntime;

/// How long a caller waits. The work may wait in turn for a task whose runtime has stopped.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Bounds how many there are.
#[derive(Debug, Clone)]
pub(crate) struct Waiters(Arc<Semaphore>);

impl Waiters {
    pub(crate) fn new(max: usize) -> Self {
        Self(Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))))
    }

    /// Counts one who waits until what is returned is dropped.
    pub(crate) fn enter(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.0.try_acquire().map_err(busy)
    }

    /// The output of `work`, which is a task of its own: a caller who is dropped does not stop it. It
    /// is waited for as long as [`WAIT_MAX`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        runtime: &SharedRuntime,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.0.clone().try_acquire_owned().map_err(busy)?;
        let (done, output) = oneshot::channel();
        runtime.spawn(async move {
            let _permit = permit;
            // A caller that is gone does not need it.
            let _ = done.send(work.await);
        });
        let stopped = |_| Error::new(ErrorKind::Interrupted, "the task was stopped");
        let waited = runtime.timeout(WAIT_MAX, output).await;
        let late = || {
            Err(Error::new(
                ErrorKind::Timeout,
                "the task did not end in time",
            ))
        };
        waited.map_or_else(late, |output| output.map_err(stopped))
    }
}

fn busy(_: TryAcquireError) -> Error {
    Error::new(ErrorKind::Busy, "too many callers wait already")
}
