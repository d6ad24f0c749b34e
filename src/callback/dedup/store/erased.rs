//! The type-erased store.

use std::sync::Arc;
use std::time::Duration;

use super::{Claimed, DedupStore};
use crate::callback::Reply;
use crate::callback::dedup::PushKey;
use crate::error::chain;
use crate::runtime::{BoxFuture, SharedRuntime};
use crate::store::{Owner, StoreError, within};

/// How long a store may take while a push waits for it.
pub(in crate::callback) const PATIENCE: Duration = Duration::from_millis(500);

/// A type-erased store.
#[derive(Clone)]
pub(crate) struct SharedStore(pub(super) Arc<dyn DynStore>);

impl SharedStore {
    pub(crate) fn new(store: impl DedupStore) -> Self {
        Self(Arc::new(store))
    }

    pub(in crate::callback::dedup) fn is_available(&self) -> bool {
        self.0.is_available()
    }

    /// Remembers the signature of a push with its body, in a task. Nobody waits for it.
    pub(in crate::callback::dedup) fn remember(
        &self,
        push: PushKey,
        runtime: Option<&SharedRuntime>,
    ) {
        // Without a runtime there is no task.
        let Some(runtime) = SharedRuntime::or_current(runtime) else {
            return;
        };
        let (store, timer) = (self.clone(), runtime.clone());
        runtime.spawn(async move {
            let remembered = async { store.0.remember(&push).await };
            if let Err(error) = within(Some(&timer), PATIENCE, remembered).await {
                passed_over(&error);
            }
        });
    }
}

/// Logs an error of the store, unless the store has.
pub(super) fn passed_over(error: &StoreError) {
    if !error.is_logged() {
        tracing::warn!(error = chain(error), "the store of finished pushes failed");
    }
}

/// An object-safe version of [`DedupStore`] with boxed futures.
pub(super) trait DynStore: Send + Sync {
    fn is_available(&self) -> bool;
    fn claim<'a>(
        &'a self,
        push: &'a PushKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, Claimed>;
    fn renew<'a>(&'a self, push: &'a PushKey, owner: &'a Owner, life: Duration)
    -> Answer<'a, bool>;
    fn finish<'a>(
        &'a self,
        push: &'a PushKey,
        owner: &'a Owner,
        reply: &'a Reply,
        life: Duration,
    ) -> Answer<'a, ()>;
    fn release<'a>(&'a self, push: &'a PushKey, owner: &'a Owner) -> Answer<'a, ()>;
    fn remember<'a>(&'a self, push: &'a PushKey) -> Answer<'a, ()>;
}

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl<S: DedupStore> DynStore for S {
    fn is_available(&self) -> bool {
        DedupStore::is_available(self)
    }

    fn claim<'a>(
        &'a self,
        push: &'a PushKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, Claimed> {
        Box::pin(DedupStore::claim(self, push, owner, life))
    }

    fn renew<'a>(
        &'a self,
        push: &'a PushKey,
        owner: &'a Owner,
        life: Duration,
    ) -> Answer<'a, bool> {
        Box::pin(DedupStore::renew(self, push, owner, life))
    }

    fn finish<'a>(
        &'a self,
        push: &'a PushKey,
        owner: &'a Owner,
        reply: &'a Reply,
        life: Duration,
    ) -> Answer<'a, ()> {
        Box::pin(DedupStore::finish(self, push, owner, reply, life))
    }

    fn release<'a>(&'a self, push: &'a PushKey, owner: &'a Owner) -> Answer<'a, ()> {
        Box::pin(DedupStore::release(self, push, owner))
    }

    fn remember<'a>(&'a self, push: &'a PushKey) -> Answer<'a, ()> {
        Box::pin(DedupStore::remember(self, push))
    }
}
