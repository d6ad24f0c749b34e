//! Shares the state of pushes between several instances.

mod claim;
mod erased;
mod expiring;
mod memory;

pub(super) use self::claim::SharedClaim;
pub(in crate::callback) use self::erased::PATIENCE;
pub(crate) use self::erased::SharedStore;
pub use self::memory::MemoryDedupStore;

use std::future::Future;
use std::time::Duration;

use super::PushKey;
use crate::callback::Reply;
use crate::store::{Owner, StoreError};

/// A store that lets several instances run each push once: see [several
/// instances](super#several-instances).
///
/// A store that fails, panics or does not answer within half a second is logged and skipped: a
/// message should rather run twice than be lost.
///
/// Implement it with `async fn`s. [`MemoryDedupStore`] is the model. In a database with expiring
/// records, the record of a push is its owner or its [`Reply`], which implements `Serialize`. Each
/// method must read and write the record in one step, such as a script or a transaction.
#[cfg_attr(
    feature = "test-util",
    doc = "\n[`conformance`](crate::shared::conformance) checks the rules: [`dedup_store`](crate::shared::conformance::dedup_store), [`dedup_remember`](crate::shared::conformance::dedup_remember)."
)]
pub trait DedupStore: Send + Sync + 'static {
    /// Returns whether the store can be asked now. Called for each push, so it must be quick.
    ///
    /// While it returns `false`, each instance deduplicates by itself, at no cost. The default
    /// implementation returns `true`.
    fn is_available(&self) -> bool {
        true
    }

    /// Claims a push for `owner`, unless it is running or finished. The claim ends after `life`,
    /// unless it is [renewed](Self::renew): its holder may have died.
    ///
    /// If the push has an [unsigned body](PushKey::unsigned), its signature is remembered with this
    /// body, in the same step, for its own [life](super::UnsignedBody::life). A signature that is
    /// remembered with another body is [`Claimed::Replayed`], and nothing is claimed. The
    /// signatures of two apps may be kept apart.
    ///
    /// A claim that `owner` already holds is granted again: its first answer may have been lost.
    fn claim(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Extends a claim to `life` from now. Returns whether `owner` holds it.
    ///
    /// A claim that ended while nobody else holds the push is taken again, for example after the
    /// store lost its data. A finished push is held by nobody, and is not claimed again.
    fn renew(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Marks a push as finished for `life`, whatever is left of its claim. The reply must be kept for
    /// at least a minute.
    ///
    /// If another owner holds the push or has finished it, because the claim of `owner` failed or
    /// ended, nothing changes. If nobody holds it, it is marked as well.
    fn finish(
        &self,
        push: &PushKey,
        owner: &Owner,
        reply: &Reply,
        life: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Releases a claim if it belongs to `owner`. The handler failed, and the next push with this
    /// key should run. A finished push stays finished, and the signature stays remembered.
    fn release(
        &self,
        push: &PushKey,
        owner: &Owner,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Remembers the signature of a push with its body, if it has an [unsigned
    /// body](PushKey::unsigned) and the signature is new. Called for a retry that the instance has
    /// recognized without a claim.
    ///
    /// The default implementation does nothing. The signature of such a retry is then accepted by
    /// another instance with another body.
    fn remember(&self, push: &PushKey) -> impl Future<Output = Result<(), StoreError>> + Send {
        let _ = push;
        async { Ok(()) }
    }
}

/// The state of a push in a [`DedupStore`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claimed {
    /// The claim is granted: the caller runs the push.
    Granted,
    /// Another instance is running the push.
    Running,
    /// The push is finished. A store that no longer has the reply returns [`Reply::none`].
    Finished(Reply),
    /// The signature of the push was seen with another body: the push is refused as
    /// [`Rejection::Replayed`](crate::callback::Rejection::Replayed).
    Replayed,
}
