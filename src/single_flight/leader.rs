//! The side of a run that does the work.

use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::Run;
use crate::runtime::{BoxFuture, SharedRuntime};

/// The interval at which a run signals progress.
pub(super) const BEAT: Duration = Duration::from_secs(1);

/// Does the work of a run. There is one leader at a time for each key.
pub(super) struct Leader<K: Eq + Hash, T> {
    pub(super) run: Run<K, T>,
    pub(super) outcome: watch::Sender<Option<T>>,
    pub(super) beats: Arc<AtomicU64>,
}

impl<K, T> Leader<K, T>
where
    K: Eq + Hash + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    pub(super) fn spawn(self, runtime: &SharedRuntime, work: BoxFuture<'static, T>) {
        let timer = runtime.clone();
        runtime.spawn(async move {
            let outcome = self.lead(&timer, work).await;
            self.tell(outcome);
        });
    }

    /// Does the work to its end, and signals progress meanwhile.
    pub(super) async fn lead(&self, runtime: &SharedRuntime, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match runtime.timeout(BEAT, work.as_mut()).await {
                Some(output) => return output,
                None => self.beats.fetch_add(1, Ordering::Relaxed),
            };
        }
    }

    /// Ends the run, and sends the outcome to all waiters. A waiter that can't use the outcome can
    /// start another run at once.
    pub(super) fn tell(self, outcome: T) {
        self.run.end();
        // `send` would fail without receivers, and all waiters may have been dropped.
        self.outcome.send_replace(Some(outcome));
    }
}

/// Also ends a run that was stopped or panicked.
impl<K: Eq + Hash, T> Drop for Leader<K, T> {
    fn drop(&mut self) {
        self.run.end();
    }
}
