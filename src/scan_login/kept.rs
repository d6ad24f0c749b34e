//! The store as sign-ins use it: a panic in it is an error.

use std::sync::Arc;
use std::time::Duration;

use super::store::{ScanError, ScanStore, ScannedUser};
use crate::error::BoxError;
use crate::panic::{Contained, Panicked};

#[derive(Clone)]
pub(super) struct Kept(Arc<dyn ScanStore>);

impl Kept {
    pub(super) fn new(store: impl ScanStore) -> Self {
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

async fn outcome<T>(work: impl Future<Output = Result<T, BoxError>>) -> Result<T, ScanError> {
    match Contained::new(work).await {
        Ok(outcome) => outcome.map_err(ScanError::Store),
        Err(Panicked) => {
            tracing::error!("the store of pending sign-ins panicked");
            Err(ScanError::Panicked)
        }
    }
}
