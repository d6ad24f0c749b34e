//! Where the parts of late replies wait.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::app::AppId;
use crate::callback::Reply;
use crate::callback::dedup::DedupKey;
use crate::error::BoxError;
use crate::runtime::BoxFuture;

/// Keeps the parts of late replies, in the order in which they came, for each user of each app. One
/// that several instances share lets a user pick up from any of them.
///
/// Implement it with `async fn`s; a [`Reply`] is stored by its `Serialize`. A `take` that takes
/// longer than half a second, fails or panics is logged, and the message is handled as if nothing
/// waited.
pub trait PickUpStore: Send + Sync + 'static {
    /// Adds parts behind those that the user has waiting, as long as there are no more than
    /// `max_parts` of them, and drops each when it has waited for `max_age`. Returns how many were
    /// added: the first of them.
    fn put(
        &self,
        appid: &AppId,
        openid: &str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> impl Future<Output = Result<usize, BoxError>> + Send;

    /// Takes the part that has waited longest, for a message. For a minute at least, the same
    /// message gets the same part again: the platform may not have got the answer.
    ///
    /// The future may be dropped after half a second, and the part given back then.
    fn take(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> impl Future<Output = Result<Option<Taken>, BoxError>> + Send;

    /// Gives back what a message took, if it took a part, since its user was not answered with it:
    /// it waits in its place again, for any message.
    fn give_back(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// A part that a user picks up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// The part.
    pub reply: Reply,
    /// How many parts the user has waiting behind it.
    pub left: usize,
}

impl Taken {
    /// A part, with `left` parts behind it.
    pub fn new(reply: Reply, left: usize) -> Self {
        Self { reply, left }
    }
}

/// A store as the crate keeps it.
#[derive(Clone)]
pub(super) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(super) fn new(store: impl PickUpStore) -> Self {
        Self(Arc::new(store))
    }

    pub(super) fn put<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> BoxFuture<'a, Result<usize, BoxError>> {
        self.0.put(appid, openid, parts, max_parts, max_age)
    }

    pub(super) fn take<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<Option<Taken>, BoxError>> {
        self.0.take(appid, openid, message)
    }

    pub(super) fn give_back<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.give_back(appid, openid, message)
    }
}

/// The same trait with boxed futures, so that it can be kept without its type.
trait DynStore: Send + Sync {
    fn put<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> BoxFuture<'a, Result<usize, BoxError>>;
    fn take<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<Option<Taken>, BoxError>>;
    fn give_back<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<(), BoxError>>;
}

impl<T: PickUpStore> DynStore for T {
    fn put<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> BoxFuture<'a, Result<usize, BoxError>> {
        Box::pin(PickUpStore::put(
            self, appid, openid, parts, max_parts, max_age,
        ))
    }

    fn take<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<Option<Taken>, BoxError>> {
        Box::pin(PickUpStore::take(self, appid, openid, message))
    }

    fn give_back<'a>(
        &'a self,
        appid: &'a AppId,
        openid: &'a str,
        message: &'a DedupKey,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(PickUpStore::give_back(self, appid, openid, message))
    }
}
