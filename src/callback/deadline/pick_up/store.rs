//! The store of the parts of late replies.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::app::AppId;
use crate::callback::Reply;
use crate::callback::dedup::DedupKey;
use crate::runtime::BoxFuture;
use crate::store::StoreError;

/// Stores the parts of late replies in order, for each user of each app. With a store that several
/// instances share, a user can pick up parts from any of them.
///
/// Implement it with `async fn`s. A [`Reply`] implements `Serialize`. If `take` takes longer than
/// half a second, fails or panics, this is logged, and the message is handled as if no part were
/// waiting.
#[cfg_attr(
    feature = "test-util",
    doc = "\n[`conformance::pick_up_store`](crate::shared::conformance::pick_up_store) checks the rules."
)]
pub trait PickUpStore: Send + Sync + 'static {
    /// Appends parts to the user's queue, up to a total of `max_parts` waiting parts: a part that
    /// was taken no longer waits. Each part expires after `max_age`, which may be any duration.
    /// Returns how many of `parts`, from the first on, were added. Openids are case-sensitive.
    fn put(
        &self,
        appid: &AppId,
        openid: &str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Takes the oldest waiting part for a message, in one step: no other message gets it. For at
    /// least a minute, also beyond the age of the part, the same message must get the same part
    /// again, since the platform may not have received the answer.
    ///
    /// The future may be dropped after half a second. The part is then given back.
    fn take(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> impl Future<Output = Result<Option<Taken>, StoreError>> + Send;

    /// Gives back the part that a message took, if any: the user was not answered with it. The part
    /// returns to its place in the queue and can be taken for any message.
    fn give_back(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A part taken from the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// The part.
    pub reply: Reply,
    /// The number of parts still waiting after it.
    pub left: usize,
}

impl Taken {
    /// Creates a part with `left` parts waiting after it.
    pub fn new(reply: Reply, left: usize) -> Self {
        Self { reply, left }
    }
}

/// A type-erased store.
#[derive(Clone)]
pub(crate) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(crate) fn new(store: impl PickUpStore) -> Self {
        Self(Arc::new(store))
    }

    pub(super) fn put<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        self.0.put(appid, openid, parts, max_parts, max_age)
    }

    pub(super) fn take<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<Option<Taken>, StoreError>> {
        self.0.take(appid, openid, message)
    }

    pub(super) fn give_back<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.give_back(appid, openid, message)
    }
}

/// An object-safe version of [`PickUpStore`] with boxed futures.
trait DynStore: Send + Sync {
    fn put<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> BoxFuture<'a, Result<usize, StoreError>>;
    fn take<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<Option<Taken>, StoreError>>;
    fn give_back<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl<T: PickUpStore> DynStore for T {
    fn put<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(PickUpStore::put(
            self, appid, openid, parts, max_parts, max_age,
        ))
    }

    fn take<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<Option<Taken>, StoreError>> {
        Box::pin(PickUpStore::take(self, appid, openid, message))
    }

    fn give_back<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(PickUpStore::give_back(self, appid, openid, message))
    }
}
