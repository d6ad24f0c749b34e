//! A second-level cache of tokens, which several instances can share.

mod erased;
mod lease;
mod memory;

pub(crate) use self::erased::SharedStore;
pub(super) use self::erased::StoreOf;
pub use self::lease::{Fence, Lease};
pub use self::memory::MemoryTokenStore;

use std::future::Future;
use std::time::Duration;

use super::{Issued, TokenKey};
use crate::secret::Secret;
use crate::store::{Owner, StoreError};

/// Stores tokens outside the cache.
///
/// A store that fails, panics, or does not answer within a second is logged and skipped: it never
/// fails a call that the cache or the source can serve. A stored token that no source could have
/// issued is skipped too.
///
/// With the four methods that every store has, instances share tokens, and each may fetch one when
/// it finds none. The others have defaults. A store that implements them lets one instance fetch at
/// a time, and counts the fetches of all.
///
/// Implement it with `async fn`s. [`Issued`] holds the life remaining at the time of the call. A
/// store therefore saves the *end time*, or lets the record expire by itself, and computes the
/// remaining life when it loads:
///
/// ```
/// use tower_wechat::token::{Issued, TokenKey, TokenStore};
/// use tower_wechat::{Secret, StoreError};
/// # use std::{collections::HashMap, sync::Mutex, time::Duration};
/// # #[derive(Default)]
/// # struct Shared(Mutex<HashMap<String, String>>);
/// # impl Shared {
/// #     async fn get(&self, key: &str) -> Result<Option<(String, Duration)>, std::io::Error> {
/// #         let value = self.0.lock().unwrap().get(key).cloned();
/// #         Ok(value.map(|value| (value, Duration::from_secs(60))))
/// #     }
/// #     async fn set(&self, key: &str, value: &str, _: Duration) -> Result<(), std::io::Error> {
/// #         self.0.lock().unwrap().insert(key.to_owned(), value.to_owned());
/// #         Ok(())
/// #     }
/// #     async fn remove_if(&self, key: &str, value: &str) -> Result<(), std::io::Error> {
/// #         let mut values = self.0.lock().unwrap();
/// #         if values.get(key).is_some_and(|known| known == value) {
/// #             values.remove(key);
/// #         }
/// #         Ok(())
/// #     }
/// #     async fn count_forced(&self, _: &str) -> Result<bool, std::io::Error> {
/// #         Ok(true)
/// #     }
/// # }
///
/// struct InRedis(Shared); // the client of a store with expiring records
///
/// fn name(key: &TokenKey) -> String {
///     format!("wechat:{}:{:?}", key.appid, key.kind)
/// }
///
/// impl TokenStore for InRedis {
///     async fn load(&self, key: &TokenKey) -> Result<Option<Issued>, StoreError> {
///         let found = self.0.get(&name(key)).await.map_err(StoreError::new)?;
///         Ok(found.map(|(token, left)| Issued::new(token, left)))
///     }
///
///     async fn save(&self, key: &TokenKey, token: &Issued) -> Result<(), StoreError> {
///         let (text, life) = (token.secret.expose(), token.expires_in);
///         self.0.set(&name(key), text, life).await.map_err(StoreError::new)
///     }
///
///     async fn evict(&self, key: &TokenKey, used: &Secret) -> Result<(), StoreError> {
///         let removed = self.0.remove_if(&name(key), used.expose()).await;
///         removed.map_err(StoreError::new)
///     }
///
///     async fn take_forced_refresh(&self, key: &TokenKey) -> Result<bool, StoreError> {
///         self.0.count_forced(&name(key)).await.map_err(StoreError::new)
///     }
/// }
/// # let _ = tower_wechat::Wechat::builder().token_store(InRedis(Shared::default()));
/// ```
#[cfg_attr(
    feature = "test-util",
    doc = "\n[`conformance`](crate::shared::conformance) checks the rules: [`token_store`](crate::shared::conformance::token_store), [`token_leases`](crate::shared::conformance::token_leases)."
)]
pub trait TokenStore: Send + Sync + 'static {
    /// Returns the stored token with its remaining life, or `None`.
    fn load(
        &self,
        key: &TokenKey,
    ) -> impl Future<Output = Result<Option<Issued>, StoreError>> + Send;

    /// Stores a token for the length of its life, replacing the previous one.
    fn save(
        &self,
        key: &TokenKey,
        token: &Issued,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes the token if it equals `used`, which the platform rejected.
    fn evict(
        &self,
        key: &TokenKey,
        used: &Secret,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Stores a token that was fetched under a lease. Returns `false`, and stores nothing, if a later
    /// lease has been granted since, or if the token was [evicted](Self::evict) before: what is
    /// stored then counts, or what its holder is about to store.
    ///
    /// The default implementation calls [`save`](Self::save).
    fn save_fenced(
        &self,
        key: &TokenKey,
        token: &Issued,
        fence: Fence,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        let _ = fence;
        async {
            self.save(key, token).await?;
            Ok(true)
        }
    }

    /// Leases the right to fetch the token to `owner`, unless another owner has it. A lease ends
    /// after `life`, or when it is released. The fences of a key grow with each lease.
    ///
    /// The default implementation grants every lease, so that each instance fetches. With
    /// `stable_token` that costs calls only. With the classic grant, each fetch ends the token of
    /// the one before.
    fn lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
        life: Duration,
    ) -> impl Future<Output = Result<Lease, StoreError>> + Send {
        let _ = (key, owner, life);
        async { Ok(Lease::Granted(Fence::default())) }
    }

    /// Extends a lease to `life` from now. Returns whether `owner` still has it.
    fn renew_lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
        life: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        let _ = (key, owner, life);
        async { Ok(true) }
    }

    /// Ends a lease, if `owner` has it.
    fn release_lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        let _ = (key, owner);
        async { Ok(()) }
    }

    /// Takes one fetch from the platform's budget of the token's endpoint. Returns `false` when
    /// none is left. The default implementation counts nothing.
    fn take_fetch(&self, key: &TokenKey) -> impl Future<Output = Result<bool, StoreError>> + Send {
        let _ = key;
        async { Ok(true) }
    }

    /// Takes one forced refresh from the platform's budget of 20 a day, at least 30 seconds apart.
    /// Returns `false` when none is left.
    fn take_forced_refresh(
        &self,
        key: &TokenKey,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
