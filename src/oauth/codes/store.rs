//! Shares the results of codes between several instances.

use std::future::Future;
use std::time::Duration;

use super::key::CodeKey;
use super::record::CodeRecord;
use crate::runtime::BoxFuture;
use crate::store::Owner;
use crate::store::StoreError;

/// A store that lets several instances exchange each code once and share its result. Installed by
/// [`OAuthService::code_store`](crate::oauth::OAuthService::code_store).
///
/// The store is called only for what the instance did not produce itself. A call that fails, panics
/// or takes longer than half a second is logged and skipped: the instance then signs the user in
/// alone.
///
/// The store sees hashes of codes and states, and [records](CodeRecord), which contain secrets.
///
/// Implement it with `async fn`s. A key holds a claim or a record. With Redis, `claim` is a
/// `SET NX GET` of the owner with a time to live, `finish` overwrites the value, and `release` is a
/// script that deletes the value if it equals the owner. A record starts with `{`, and an owner is
/// displayed as 32 hexadecimal digits, so that the two can be told apart:
///
/// ```
/// use std::time::Duration;
///
/// use tower_wechat::oauth::{CodeClaim, CodeKey, CodeRecord, CodeStore};
/// use tower_wechat::shared::Owner;
/// use tower_wechat::StoreError;
/// # use std::{collections::HashMap, io::Error, sync::Mutex};
/// # #[derive(Default)]
/// # struct Shared(Mutex<HashMap<String, Vec<u8>>>);
/// # impl Shared {
/// #     async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
/// #         Ok(self.0.lock().unwrap().get(key).cloned())
/// #     }
/// #     async fn set_if_absent(
/// #         &self, key: &str, value: String, _: Duration,
/// #     ) -> Result<Option<Vec<u8>>, Error> {
/// #         let mut values = self.0.lock().unwrap();
/// #         let present = values.get(key).cloned();
/// #         if present.is_none() {
/// #             values.insert(key.to_owned(), value.into());
/// #         }
/// #         Ok(present)
/// #     }
/// #     async fn set(&self, key: &str, value: Vec<u8>, _: Duration) -> Result<(), Error> {
/// #         self.0.lock().unwrap().insert(key.to_owned(), value);
/// #         Ok(())
/// #     }
/// #     async fn remove_if(&self, key: &str, value: String) -> Result<(), Error> {
/// #         let mut values = self.0.lock().unwrap();
/// #         if values.get(key).is_some_and(|known| *known == value.as_bytes()) {
/// #             values.remove(key);
/// #         }
/// #         Ok(())
/// #     }
/// # }
///
/// struct InRedis(Shared); // the client of a store with expiring values
///
/// fn name(key: &CodeKey) -> String {
///     format!("wechat:code:{key}")
/// }
///
/// fn record(value: &[u8]) -> Result<Option<CodeRecord>, StoreError> {
///     match value.starts_with(b"{") {
///         true => CodeRecord::from_bytes(value).map(Some),
///         false => Ok(None), // a claim
///     }
/// }
///
/// impl CodeStore for InRedis {
///     async fn load(&self, key: &CodeKey) -> Result<Option<CodeRecord>, StoreError> {
///         let value = self.0.get(&name(key)).await.map_err(StoreError::new)?;
///         value.map_or(Ok(None), |value| record(&value))
///     }
///
///     async fn claim(
///         &self,
///         key: &CodeKey,
///         owner: &Owner,
///         life: Duration,
///     ) -> Result<CodeClaim, StoreError> {
///         let present = self.0.set_if_absent(&name(key), owner.to_string(), life).await;
///         Ok(match present.map_err(StoreError::new)? {
///             None => CodeClaim::Granted,
///             Some(value) => record(&value)?.map_or(CodeClaim::Running, CodeClaim::Finished),
///         })
///     }
///
///     async fn finish(
///         &self,
///         key: &CodeKey,
///         record: &CodeRecord,
///         life: Duration,
///     ) -> Result<(), StoreError> {
///         let set = self.0.set(&name(key), record.to_bytes(), life).await;
///         set.map_err(StoreError::new)
///     }
///
///     async fn release(&self, key: &CodeKey, owner: &Owner) -> Result<(), StoreError> {
///         let removed = self.0.remove_if(&name(key), owner.to_string()).await;
///         removed.map_err(StoreError::new)
///     }
/// }
/// ```
#[cfg_attr(
    feature = "test-util",
    doc = "\n[`conformance::code_store`](crate::shared::conformance::code_store) checks the rules."
)]
pub trait CodeStore: Send + Sync + 'static {
    /// Returns the record of a key, or `None` if there is none, or only a claim.
    fn load(
        &self,
        key: &CodeKey,
    ) -> impl Future<Output = Result<Option<CodeRecord>, StoreError>> + Send;

    /// Claims a key for `owner`, unless it is claimed or has a record, atomically.
    ///
    /// The claim must expire by itself after `life`: the instance may have crashed.
    fn claim(
        &self,
        key: &CodeKey,
        owner: &Owner,
        life: Duration,
    ) -> impl Future<Output = Result<CodeClaim, StoreError>> + Send;

    /// Stores the record of a key for `life`, at most a year. Replaces a claim, regardless of its
    /// owner, and an earlier record. No claim is required.
    fn finish(
        &self,
        key: &CodeKey,
        record: &CodeRecord,
        life: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Releases a claim if it belongs to `owner`. The work failed, and the next instance that claims
    /// the key should do it.
    ///
    /// If the claim belongs to another owner, because the claim of `owner` failed or expired, or if
    /// there is a record, nothing must change.
    fn release(
        &self,
        key: &CodeKey,
        owner: &Owner,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The answer of a [`CodeStore`] to a claim.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CodeClaim {
    /// The claim is granted: the caller does the work.
    Granted,
    /// Another instance is working.
    Running,
    /// The work is finished.
    Finished(CodeRecord),
}

/// The object-safe form of [`CodeStore`], with boxed futures.
pub(super) trait DynStore: Send + Sync {
    fn load<'a>(&'a self, key: &'a CodeKey) -> Answer<'a, Option<CodeRecord>>;
    fn claim<'a>(
        &'a self,
        key: &'a CodeKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, CodeClaim>;
    fn finish<'a>(
        &'a self,
        key: &'a CodeKey,
        record: &'a CodeRecord,
        life: Duration,
    ) -> Answer<'a, ()>;
    fn release<'a>(&'a self, key: &'a CodeKey, owner: &'a Owner) -> Answer<'a, ()>;
}

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl<S: CodeStore> DynStore for S {
    fn load<'a>(&'a self, key: &'a CodeKey) -> Answer<'a, Option<CodeRecord>> {
        Box::pin(CodeStore::load(self, key))
    }

    fn claim<'a>(
        &'a self,
        key: &'a CodeKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, CodeClaim> {
        Box::pin(CodeStore::claim(self, key, owner, life))
    }

    fn finish<'a>(
        &'a self,
        key: &'a CodeKey,
        record: &'a CodeRecord,
        life: Duration,
    ) -> Answer<'a, ()> {
        Box::pin(CodeStore::finish(self, key, record, life))
    }

    fn release<'a>(&'a self, key: &'a CodeKey, owner: &'a Owner) -> Answer<'a, ()> {
        Box::pin(CodeStore::release(self, key, owner))
    }
}
