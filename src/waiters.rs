//! Callers that wait for a task.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError, oneshot};

use crate::error::{Error, ErrorKind};
use crate::runtime::SharedRuntime;

/// How long a caller waits. The task can in turn wait for one whose runtime has stopped.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Limits the number of waiting callers.
#[derive(Debug, Clone)]
pub(crate) struct Waiters(Arc<Semaphore>);

impl Waiters {
    pub(crate) fn new(max: usize) -> Self {
        // `Semaphore::new` panics above `MAX_PERMITS`.
        Self(Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))))
    }

    /// Counts a waiting caller until the permit is dropped.
    pub(crate) fn enter(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.0.try_acquire().map_err(busy)
    }

    /// Spawns `work` and returns its output. Dropping the caller does not stop it. Waits for at
    /// most [`WAIT_MAX`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        runtime: &SharedRuntime,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.0.clone().try_acquire_owned().map_err(busy)?;
        let (done, output) = oneshot::channel();
        runtime.spawn(async move {
            // Held until the work ends, so that dropped callers can't start unlimited work.
            let _permit = permit;
            // The caller may have been dropped.
            let _ = done.send(work.await);
        });
        let stopped = |_| Error::new(ErrorKind::Interrupted, "the task was stopped");
        let waited = runtime.timeout(WAIT_MAX, output).await;
        let late = || {
            Err(Error::new(
                ErrorKind::Timeout,
                "the task did not finish in time",
            ))
        };
        waited.map_or_else(late, |output| output.map_err(stopped))
    }
}

fn busy(_: TryAcquireError) -> Error {
    Error::new(ErrorKind::Busy, "too many callers are already waiting")
}
