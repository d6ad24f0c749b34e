//! The type-erased store, and the rules for calling it.

use std::sync::Arc;
use std::time::Duration;

use super::{Fence, Lease, TokenStore};
use crate::error::chain;
use crate::runtime::{BoxFuture, SharedRuntime};
use crate::secret::Secret;
use crate::store::{Owner, StoreError, within};
use crate::token::{Issued, TokenKey};

/// The longest time to wait for a store.
const PATIENCE: Duration = Duration::from_secs(1);

/// A type-erased store. Its methods return `None` when the store fails, panics or takes too long: a
/// store must not hold up the calls.
#[derive(Clone)]
pub(crate) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(crate) fn new(store: impl TokenStore) -> Self {
        Self(Arc::new(store))
    }

    /// Returns the view of one key.
    pub(in crate::token) fn of<'a>(
        &'a self,
        runtime: &'a SharedRuntime,
        key: &'a TokenKey,
    ) -> StoreOf<'a> {
        StoreOf {
            store: &*self.0,
            runtime,
            key,
        }
    }
}

/// The store of one token.
#[derive(Clone, Copy)]
pub(in crate::token) struct StoreOf<'a> {
    store: &'a dyn DynStore,
    runtime: &'a SharedRuntime,
    key: &'a TokenKey,
}

impl StoreOf<'_> {
    /// Returns the stored token.
    pub(in crate::token) async fn load(self) -> Option<Issued> {
        let loaded = self.answer(async { self.store.load(self.key).await });
        match loaded.await??.check() {
            Ok(issued) => Some(issued),
            // A token with less than a second left also ends here.
            Err(error) => {
                let (appid, error) = (&self.key.appid, error.to_string());
                tracing::debug!(%appid, error, "skipped a stored token");
                None
            }
        }
    }

    /// Stores a token. Returns `false` if another counts.
    pub(in crate::token) async fn save(self, token: &Issued, fence: Fence) -> Option<bool> {
        let saved = async { self.store.save_fenced(self.key, token, fence).await };
        self.answer(saved).await
    }

    pub(in crate::token) async fn evict(self, used: &Secret) {
        let evicted = async { self.store.evict(self.key, used).await };
        self.answer(evicted).await;
    }

    pub(in crate::token) async fn lease(self, owner: &Owner, life: Duration) -> Option<Lease> {
        let leased = async { self.store.lease(self.key, owner, life).await };
        self.answer(leased).await
    }

    pub(in crate::token) async fn renew_lease(self, owner: &Owner, life: Duration) -> Option<bool> {
        let renewed = async { self.store.renew_lease(self.key, owner, life).await };
        self.answer(renewed).await
    }

    pub(in crate::token) async fn release_lease(self, owner: &Owner) {
        let released = async { self.store.release_lease(self.key, owner).await };
        self.answer(released).await;
    }

    pub(in crate::token) async fn take_fetch(self) -> Option<bool> {
        self.answer(async { self.store.take_fetch(self.key).await })
            .await
    }

    pub(in crate::token) async fn take_forced_refresh(self) -> Option<bool> {
        self.answer(async { self.store.take_forced_refresh(self.key).await })
            .await
    }

    async fn answer<T>(self, answer: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        let error = match within(Some(self.runtime), PATIENCE, answer).await {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        if !error.is_logged() {
            let (appid, kind) = (&self.key.appid, self.key.kind);
            tracing::warn!(%appid, ?kind, error = chain(&error), "the token store failed");
        }
        None
    }
}

/// The object-safe form of [`TokenStore`], with boxed futures.
trait DynStore: Send + Sync {
    fn load<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, Option<Issued>>;
    fn save_fenced<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a Issued,
        fence: Fence,
    ) -> Answer<'a, bool>;
    fn evict<'a>(&'a self, key: &'a TokenKey, used: &'a Secret) -> Answer<'a, ()>;
    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, Lease>;
    fn renew_lease<'a>(
        &'a self,
        key: &'a TokenKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, bool>;
    fn release_lease<'a>(&'a self, key: &'a TokenKey, owner: &'a Owner) -> Answer<'a, ()>;
    fn take_fetch<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, bool>;
    fn take_forced_refresh<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, bool>;
}

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl<S: TokenStore> DynStore for S {
    fn load<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, Option<Issued>> {
        Box::pin(TokenStore::load(self, key))
    }

    fn save_fenced<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a Issued,
        fence: Fence,
    ) -> Answer<'a, bool> {
        Box::pin(TokenStore::save_fenced(self, key, token, fence))
    }

    fn evict<'a>(&'a self, key: &'a TokenKey, used: &'a Secret) -> Answer<'a, ()> {
        Box::pin(TokenStore::evict(self, key, used))
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, Lease> {
        Box::pin(TokenStore::lease(self, key, owner, life))
    }

    fn renew_lease<'a>(
        &'a self,
        key: &'a TokenKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, bool> {
        Box::pin(TokenStore::renew_lease(self, key, owner, life))
    }

    fn release_lease<'a>(&'a self, key: &'a TokenKey, owner: &'a Owner) -> Answer<'a, ()> {
        Box::pin(TokenStore::release_lease(self, key, owner))
    }

    fn take_fetch<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, bool> {
        Box::pin(TokenStore::take_fetch(self, key))
    }

    fn take_forced_refresh<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, bool> {
        Box::pin(TokenStore::take_forced_refresh(self, key))
    }
}
