//! What several instances know of the pushes they have seen.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::error::RunFailed;
use super::{DedupKey, DedupOwner};
use crate::callback::Reply;
use crate::callback::run::{Work, end_of};
use crate::callback::store::within;
use crate::error::{BoxError, chain};
use crate::runtime::{BoxFuture, SharedRuntime};

/// How often a push that another instance works on is asked for.
const STEP: Duration = Duration::from_millis(200);

/// How long it is waited for: the platform does not wait longer for one answer.
const WAIT: Duration = Duration::from_secs(5);

/// Lets several instances run each push once between them. It is asked only for pushes that the
/// instance itself has not seen; one that fails or panics is logged and passed over, so that a
/// message is rather run twice than lost.
///
/// Implement it with `async fn`s. With Redis, `claim` is a `SET NX` of the owner with a time to
/// live, `finish` overwrites the value, and `release` is a script that deletes the value if it is
/// the owner.
pub trait DedupStore: Send + Sync + 'static {
    /// Claims a push for `owner`, unless it is running or finished. A claim must end by itself,
    /// some seconds after the [deadline](crate::callback::deadline): the instance may be gone, and
    /// the platform sends the push again for ten seconds only.
    fn claim(
        &self,
        key: &DedupKey,
        owner: &DedupOwner,
    ) -> impl Future<Output = Result<Claimed, BoxError>> + Send;

    /// Remembers a push as finished, for a minute at least, whoever claimed it.
    fn finish(
        &self,
        key: &DedupKey,
        reply: &Reply,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Gives a claim back, if it is `owner`'s: its handler failed, and the next push like it is to
    /// be run. The claim may be another's, where that of `owner` failed or has ended: then nothing
    /// changes.
    fn release(
        &self,
        key: &DedupKey,
        owner: &DedupOwner,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// What a [`DedupStore`] knows of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claimed {
    /// It is the caller's to run.
    Granted,
    /// Another instance runs it.
    Running,
    /// It is finished. A store that keeps no replies says [`Reply::none`].
    Finished(Reply),
}

/// A store as the crate keeps it.
#[derive(Clone)]
pub(super) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(super) fn new(store: impl DedupStore) -> Self {
        Self(Arc::new(store))
    }

    /// Does the work unless another instance does it or has done it.
    pub(super) async fn run(
        self,
        key: DedupKey,
        runtime: Option<SharedRuntime>,
        work: Work<Reply>,
    ) -> Result<Reply, BoxError> {
        let runtime = SharedRuntime::or_current(runtime.as_ref());
        let owner = DedupOwner::random();
        let mut waited = Duration::ZERO;
        loop {
            let claimed =
                within(runtime.as_ref(), async { self.0.claim(&key, &owner).await }).await;
            let claimed = claimed.unwrap_or_else(|error| {
                passed_over(&error);
                Claimed::Granted
            });
            match claimed {
                Claimed::Granted => break,
                Claimed::Finished(reply) => return Ok(reply),
                Claimed::Running if waited >= WAIT => return Err(RunFailed.into()),
                Claimed::Running => {}
            }
            let Some(runtime) = &runtime else {
                return Err(RunFailed.into());
            };
            runtime.sleep(STEP).await;
            waited += STEP;
        }
        let result = end_of(work).await;
        let noted = match &result {
            Ok(reply) => within(runtime.as_ref(), async { self.0.finish(&key, reply).await }).await,
            Err(_) => {
                within(runtime.as_ref(), async {
                    self.0.release(&key, &owner).await
                })
                .await
            }
        };
        noted.unwrap_or_else(|error| passed_over(&error));
        result
    }
}

fn passed_over(error: &BoxError) {
    tracing::warn!(
        error = chain(&**error),
        "the store of finished pushes failed"
    );
}

/// The same trait with boxed futures, so that it can be kept without its type.
trait DynStore: Send + Sync {
    fn claim<'a>(
        &'a self,
        key: &'a DedupKey,
        owner: &'a DedupOwner,
    ) -> BoxFuture<'a, Result<Claimed, BoxError>>;
    fn finish<'a>(
        &'a self,
        key: &'a DedupKey,
        reply: &'a Reply,
    ) -> BoxFuture<'a, Result<(), BoxError>>;
    fn release<'a>(
        &'a self,
        key: &'a DedupKey,
        owner: &'a DedupOwner,
    ) -> BoxFuture<'a, Result<(), BoxError>>;
}

impl<T: DedupStore> DynStore for T {
    fn claim<'a>(
        &'a self,
        key: &'a DedupKey,
        owner: &'a DedupOwner,
    ) -> BoxFuture<'a, Result<Claimed, BoxError>> {
        Box::pin(DedupStore::claim(self, key, owner))
    }

    fn finish<'a>(
        &'a self,
        key: &'a DedupKey,
        reply: &'a Reply,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(DedupStore::finish(self, key, reply))
    }

    fn release<'a>(
        &'a self,
        key: &'a DedupKey,
        owner: &'a DedupOwner,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(DedupStore::release(self, key, owner))
    }
}
