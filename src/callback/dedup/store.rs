//! Shares the state of pushes between several instances.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::DedupKey;
use super::error::RunFailed;
use crate::callback::Reply;
use crate::callback::run::{Work, end_of};
use crate::error::{BoxError, chain};
use crate::runtime::{BoxFuture, SharedRuntime};
use crate::store::{Owner, StoreError, within};

/// How long a store may take while a push waits for it.
pub(in crate::callback) const PATIENCE: Duration = Duration::from_millis(500);

/// The interval at which a push that runs on another instance is polled.
const STEP: Duration = Duration::from_millis(200);

/// How long to wait for another instance. The platform waits no longer for one answer.
const WAIT: Duration = Duration::from_secs(5);

/// A store that lets several instances run each push once.
///
/// The store is called only for pushes that the instance has not seen. An error or a panic of the
/// store is logged and otherwise ignored: a message should rather run twice than be lost.
///
/// Implement it with `async fn`s. With Redis, `claim` is a `SET NX` of the owner with a time to
/// live, `finish` overwrites the value, and `release` is a script that deletes the value if it
/// equals the owner.
pub trait DedupStore: Send + Sync + 'static {
    /// Claims a push for `owner`, unless it is running or finished.
    ///
    /// A claim must expire by itself, some seconds after the [deadline](crate::callback::deadline).
    /// The instance may have crashed, and the platform retries the push for only ten seconds.
    fn claim(
        &self,
        key: &DedupKey,
        owner: &Owner,
    ) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Marks a push as finished, for at least a minute, regardless of who claimed it.
    fn finish(
        &self,
        key: &DedupKey,
        reply: &Reply,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Releases a claim if it belongs to `owner`. The handler failed, and the next push with this
    /// key should run.
    ///
    /// If the claim belongs to another owner, because the claim of `owner` failed or expired,
    /// nothing must change.
    fn release(
        &self,
        key: &DedupKey,
        owner: &Owner,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The state of a push in a [`DedupStore`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claimed {
    /// The claim is granted: the caller runs the push.
    Granted,
    /// Another instance is running the push.
    Running,
    /// The push is finished. A store that does not keep replies returns [`Reply::none`].
    Finished(Reply),
}

/// A type-erased store.
#[derive(Clone)]
pub(super) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(super) fn new(store: impl DedupStore) -> Self {
        Self(Arc::new(store))
    }

    /// Runs the work, unless another instance is running it or has finished it.
    pub(super) async fn run(
        self,
        key: DedupKey,
        runtime: Option<SharedRuntime>,
        work: Work<Reply>,
    ) -> Result<Reply, BoxError> {
        let runtime = SharedRuntime::or_current(runtime.as_ref());
        let owner = Owner::new();
        let mut waited = Duration::ZERO;
        loop {
            let claimed = within(runtime.as_ref(), PATIENCE, async {
                self.0.claim(&key, &owner).await
            })
            .await;
            let claimed = claimed.unwrap_or_else(|error| {
                passed_over(&error);
                Claimed::Granted
            });
            match claimed {
                Claimed::Granted => break,
                Claimed::Finished(reply) => return Ok(reply),
                // The platform retries the push, which may then find the reply.
                Claimed::Running if waited >= WAIT => return Err(RunFailed.into()),
                Claimed::Running => {}
            }
            let Some(runtime) = &runtime else {
                // Without a runtime there is no timer for polling again.
                return Err(RunFailed.into());
            };
            runtime.sleep(STEP).await;
            waited += STEP;
        }
        let result = end_of(work).await;
        let noted = match &result {
            Ok(reply) => {
                within(runtime.as_ref(), PATIENCE, async {
                    self.0.finish(&key, reply).await
                })
                .await
            }
            Err(_) => {
                within(runtime.as_ref(), PATIENCE, async {
                    self.0.release(&key, &owner).await
                })
                .await
            }
        };
        noted.unwrap_or_else(|error| passed_over(&error));
        result
    }
}

fn passed_over(error: &StoreError) {
    tracing::warn!(error = chain(error), "the store of finished pushes failed");
}

/// An object-safe version of [`DedupStore`] with boxed futures.
trait DynStore: Send + Sync {
    fn claim<'a>(
        &'a self,
        key: &'a DedupKey,
        owner: &'a Owner,
    ) -> BoxFuture<'a, Result<Claimed, StoreError>>;
    fn finish<'a>(
        &'a self,
        key: &'a DedupKey,
        reply: &'a Reply,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    fn release<'a>(
        &'a self,
        key: &'a DedupKey,
        owner: &'a Owner,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl<T: DedupStore> DynStore for T {
    fn claim<'a>(
        &'a self,
        key: &'a DedupKey,
        owner: &'a Owner,
    ) -> BoxFuture<'a, Result<Claimed, StoreError>> {
        Box::pin(DedupStore::claim(self, key, owner))
    }

    fn finish<'a>(
        &'a self,
        key: &'a DedupKey,
        reply: &'a Reply,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(DedupStore::finish(self, key, reply))
    }

    fn release<'a>(
        &'a self,
        key: &'a DedupKey,
        owner: &'a Owner,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(DedupStore::release(self, key, owner))
    }
}
