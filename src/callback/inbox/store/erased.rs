//! The type-erased store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Contents, DeadEntry, DeadLimits, Entry, EntryKey, InboxStore, Put, Taken};
use crate::runtime::BoxFuture;
use crate::store::{Owner, StoreError};

/// A type-erased store.
#[derive(Clone)]
pub(crate) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(crate) fn new(store: impl InboxStore) -> Self {
        Self(Arc::new(store))
    }
}

impl std::ops::Deref for SharedStore {
    type Target = dyn DynStore;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// An object-safe version of [`InboxStore`] with boxed futures.
pub(crate) trait DynStore: Send + Sync {
    fn put<'a>(
        &'a self,
        entry: &'a Entry,
        holder: Option<&'a Owner>,
        lease: Duration,
    ) -> Answer<'a, Put>;
    fn is_known<'a>(&'a self, key: &'a EntryKey) -> Answer<'a, bool>;
    fn take<'a>(&'a self, owner: &'a Owner, lease: Duration) -> Answer<'a, Taken>;
    fn renew<'a>(
        &'a self,
        key: &'a EntryKey,
        owner: &'a Owner,
        lease: Duration,
    ) -> Answer<'a, bool>;
    fn finish<'a>(
        &'a self,
        key: &'a EntryKey,
        owner: &'a Owner,
        window: Duration,
    ) -> Answer<'a, bool>;
    fn retry<'a>(
        &'a self,
        key: &'a EntryKey,
        owner: &'a Owner,
        pause: Duration,
        payload: Option<&'a Bytes>,
    ) -> Answer<'a, bool>;
    fn bury<'a>(
        &'a self,
        key: &'a EntryKey,
        owner: &'a Owner,
        error: &'a str,
        limits: DeadLimits,
    ) -> Answer<'a, bool>;
    fn dead_letters<'a>(&'a self, max: usize) -> Answer<'a, Vec<DeadEntry>>;
    fn revive<'a>(&'a self, key: &'a EntryKey) -> Answer<'a, bool>;
    fn discard<'a>(&'a self, key: &'a EntryKey) -> Answer<'a, bool>;
    fn contents<'a>(&'a self) -> Answer<'a, Contents>;
    fn changed(&self) -> BoxFuture<'_, ()>;
}

impl<S: InboxStore> DynStore for S {
    fn put<'a>(
        &'a self,
        entry: &'a Entry,
        holder: Option<&'a Owner>,
        lease: Duration,
    ) -> Answer<'a, Put> {
        Box::pin(InboxStore::put(self, entry, holder, lease))
    }

    fn is_known<'a>(&'a self, key: &'a EntryKey) -> Answer<'a, bool> {
        Box::pin(InboxStore::is_known(self, key))
    }

    fn take<'a>(&'a self, owner: &'a Owner, lease: Duration) -> Answer<'a, Taken> {
        Box::pin(InboxStore::take(self, owner, lease))
    }

    fn renew<'a>(
        &'a self,
        key: &'a EntryKey,
        owner: &'a Owner,
        lease: Duration,
    ) -> Answer<'a, bool> {
        Box::pin(InboxStore::renew(self, key, owner, lease))
    }

    fn finish<'a>(
        &'a self,
        key: &'a EntryKey,
        owner: &'a Owner,
        window: Duration,
    ) -> Answer<'a, bool> {
        Box::pin(InboxStore::finish(self, key, owner, window))
    }

    fn retry<'a>(
        &'a self,
        key: &'a EntryKey,
        owner: &'a Owner,
        pause: Duration,
        payload: Option<&'a Bytes>,
    ) -> Answer<'a, bool> {
        Box::pin(InboxStore::retry(self, key, owner, pause, payload))
    }

    fn bury<'a>(
        &'a self,
        key: &'a EntryKey,
        owner: &'a Owner,
        error: &'a str,
        limits: DeadLimits,
    ) -> Answer<'a, bool> {
        Box::pin(InboxStore::bury(self, key, owner, error, limits))
    }

    fn dead_letters<'a>(&'a self, max: usize) -> Answer<'a, Vec<DeadEntry>> {
        Box::pin(InboxStore::dead_letters(self, max))
    }

    fn revive<'a>(&'a self, key: &'a EntryKey) -> Answer<'a, bool> {
        Box::pin(InboxStore::revive(self, key))
    }

    fn discard<'a>(&'a self, key: &'a EntryKey) -> Answer<'a, bool> {
        Box::pin(InboxStore::discard(self, key))
    }

    fn contents<'a>(&'a self) -> Answer<'a, Contents> {
        Box::pin(InboxStore::contents(self))
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(InboxStore::changed(self))
    }
}
