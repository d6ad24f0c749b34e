//! The type-erased store, which turns a panic into an error.

use std::sync::Arc;
use std::time::Duration;

use super::store::{ScanError, ScanStore, ScannedUser};
use crate::panic::{Contained, Panicked};
use crate::runtime::BoxFuture;
use crate::store::StoreError;

#[derive(Clone)]
pub(crate) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(crate) fn new(store: impl ScanStore) -> Self {
        Self(Arc::new(store))
    }

    pub(super) async fn open(&self, scene: &str, life: Duration) -> Result<bool, ScanError> {
        outcome(async { self.0.open(scene, life).await }).await
    }

    pub(super) async fn complete(&self, scene: &str, user: ScannedUser) -> Result<bool, ScanError> {
        outcome(async { self.0.complete(scene, user).await }).await
    }

    pub(super) async fn wait(&self, scene: &str) -> Result<Option<ScannedUser>, ScanError> {
        outcome(async { self.0.wait(scene).await }).await
    }

    pub(super) async fn close(&self, scene: &str) -> Result<bool, ScanError> {
        outcome(async { self.0.close(scene).await }).await
    }
}

async fn outcome<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, ScanError> {
    match Contained::new(work).await {
        Ok(outcome) => outcome.map_err(ScanError::Store),
        Err(Panicked) => {
            tracing::error!("the store of pending sign-ins panicked");
            Err(ScanError::Panicked)
        }
    }
}

/// The object-safe form of [`ScanStore`], with boxed futures.
trait DynStore: Send + Sync {
    fn open<'a>(&'a self, scene: &'a str, life: Duration) -> Answer<'a, bool>;
    fn complete<'a>(&'a self, scene: &'a str, user: ScannedUser) -> Answer<'a, bool>;
    fn wait<'a>(&'a self, scene: &'a str) -> Answer<'a, Option<ScannedUser>>;
    fn close<'a>(&'a self, scene: &'a str) -> Answer<'a, bool>;
}

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl<S: ScanStore> DynStore for S {
    fn open<'a>(&'a self, scene: &'a str, life: Duration) -> Answer<'a, bool> {
        Box::pin(ScanStore::open(self, scene, life))
    }

    fn complete<'a>(&'a self, scene: &'a str, user: ScannedUser) -> Answer<'a, bool> {
        Box::pin(ScanStore::complete(self, scene, user))
    }

    fn wait<'a>(&'a self, scene: &'a str) -> Answer<'a, Option<ScannedUser>> {
        Box::pin(ScanStore::wait(self, scene))
    }

    fn close<'a>(&'a self, scene: &'a str) -> Answer<'a, bool> {
        Box::pin(ScanStore::close(self, scene))
    }
}
