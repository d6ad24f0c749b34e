//! Callers who wait for work that goes on without them.

use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use crate::error::{Error, ErrorKind};
use crate::runtime::SharedRuntime;

/// Bounds how many there are: each is a task that outlives its caller.
#[derive(Debug, Clone)]
pub(crate) struct Waiters(Arc<Semaphore>);

impl Waiters {
    pub(crate) fn new(max: usize) -> Self {
        Self(Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))))
    }

    /// The output of `work`, which is a task of its own: a caller who is dropped does not stop it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        runtime: &SharedRuntime,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.0.clone().try_acquire_owned();
        let permit =
            permit.map_err(|_| Error::new(ErrorKind::Busy, "too many callers wait already"))?;
        let (done, output) = oneshot::channel();
        runtime.spawn(async move {
            let _permit = permit;
            // A caller that is gone does not need it.
            let _ = done.send(work.await);
        });
        let stopped = |_| Error::new(ErrorKind::Interrupted, "the task was stopped");
        output.await.map_err(stopped)
    }
}
