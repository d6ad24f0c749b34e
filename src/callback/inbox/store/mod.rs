//! The store of an inbox.

mod entry;
mod erased;

pub use self::entry::{Contents, DeadEntry, DeadLimits, Entry, EntryKey, Put, Taken, TakenEntry};
pub(crate) use self::erased::SharedStore;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::store::{Owner, StoreError};

/// A store of acknowledged messages, in the order in which they came.
///
/// [`EmbeddedInboxStore`](super::EmbeddedInboxStore) belongs to one process. A store on a server,
/// such as `RedisStore`, may be used by several processes, which then work through its entries
/// together.
///
/// # Entries
/// An entry is *waiting*, *held* by an owner until its lease ends, a *dead letter*, or *finished*.
/// Only waiting entries are [taken](Self::take), and only while no earlier entry of the same user is
/// waiting or held: the entries of a user run one after the other. A store may keep more entries
/// apart than that, for example all entries of one stream.
///
/// An owner is used for one entry. A held entry whose lease ends is waiting again, since its holder
/// may have died. `renew`, `finish`, `retry` and `bury` return whether `owner` still held the entry;
/// if not, they change nothing.
///
/// # Durability
/// What [`put`](Self::put) has answered with [`Put::Stored`] is never lost. The effect of all other
/// methods may be lost in a crash: the entry then runs once more. The number of tries should survive
/// a crash, so that a message which crashes the process does so a limited number of times.
///
/// # Implementing it
/// Use `async fn`s. A future may be dropped at any `await`, and its effect may then happen or not.
/// `shared::conformance::inbox_store` (feature `test-util`) checks these rules.
pub trait InboxStore: Send + Sync + 'static {
    /// Stores an entry durably, unless one with its key is [known](Put::Known).
    ///
    /// With a `holder`, the entry is held from the start, also if earlier entries of its user are
    /// waiting: its handler is running, which is its first try. The holder's second call for an
    /// entry that it holds returns [`Put::Stored`] again, since the first answer may have been lost.
    fn put(
        &self,
        entry: &Entry,
        holder: Option<&Owner>,
        lease: Duration,
    ) -> impl Future<Output = Result<Put, StoreError>> + Send;

    /// Returns whether an entry with this key is [known](Put::Known).
    fn is_known(&self, key: &EntryKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes the oldest entry that may run, and counts a try.
    fn take(
        &self,
        owner: &Owner,
        lease: Duration,
    ) -> impl Future<Output = Result<Taken, StoreError>> + Send;

    /// Extends the lease of a held entry to `lease` from now.
    fn renew(
        &self,
        key: &EntryKey,
        owner: &Owner,
        lease: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes a held entry. Its key stays known for `window`.
    fn finish(
        &self,
        key: &EntryKey,
        owner: &Owner,
        window: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Returns a held entry to its place in the order. It may be taken after `pause`, with the new
    /// payload, if there is one.
    ///
    /// The pause need not survive a crash.
    fn retry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        pause: Duration,
        payload: Option<&Bytes>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Makes a held entry a dead letter, and drops those beyond `limits`. The dropped ones are
    /// logged by the store.
    fn bury(
        &self,
        key: &EntryKey,
        owner: &Owner,
        error: &str,
        limits: DeadLimits,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Returns up to `max` dead letters, the oldest first.
    fn dead_letters(
        &self,
        max: usize,
    ) -> impl Future<Output = Result<Vec<DeadEntry>, StoreError>> + Send;

    /// Makes a dead letter a waiting entry, the last one of its user, with no tries. Returns whether
    /// there is such a dead letter.
    fn revive(&self, key: &EntryKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Drops a dead letter. Returns whether there was one.
    fn discard(&self, key: &EntryKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Counts what is stored.
    fn contents(&self) -> impl Future<Output = Result<Contents, StoreError>> + Send;

    /// Waits until another process may have made an entry available. Entries of this process need
    /// no notice, and all entries are looked for every second anyway.
    ///
    /// The default implementation never completes.
    fn changed(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}
