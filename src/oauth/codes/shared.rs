//! The type-erased store, which an instance passes over when it fails.

use std::sync::Arc;
use std::time::Duration;

use super::key::CodeKey;
use super::record::CodeRecord;
use super::store::{CodeClaim, CodeStore, DynStore};
use crate::app::AppId;
use crate::error::chain;
use crate::runtime::SharedRuntime;
use crate::store::{Owner, StoreError, within};

/// How long a store may take while a browser waits for it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The life of a claim: longer than one exchange with the platform may take by default.
const CLAIM_LIFE: Duration = Duration::from_secs(15);

/// The interval at which a key that another instance has claimed is polled.
const STEP: Duration = Duration::from_millis(100);

/// How long to wait for another instance: longer than its claim lives.
const WAIT: Duration = Duration::from_secs(16);

/// The longest life of a record.
const LIFE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// A type-erased store.
#[derive(Clone)]
pub(crate) struct SharedStore(Arc<dyn DynStore>);

/// Who does the work for a key.
pub(super) enum Turn {
    /// This instance, under a claim of this owner.
    Ours(Owner),
    /// Another instance has done it.
    Done(CodeRecord),
}

impl SharedStore {
    pub(crate) fn new(store: impl CodeStore) -> Self {
        Self(Arc::new(store))
    }

    /// Returns the view of one app.
    pub(super) fn of<'a>(&'a self, runtime: &'a SharedRuntime, appid: &'a AppId) -> StoreOf<'a> {
        StoreOf {
            store: &*self.0,
            runtime,
            appid,
        }
    }
}

/// The store of one app.
#[derive(Clone, Copy)]
pub(super) struct StoreOf<'a> {
    store: &'a dyn DynStore,
    runtime: &'a SharedRuntime,
    appid: &'a AppId,
}

impl StoreOf<'_> {
    /// Returns the record of a key, or `None` if the store fails.
    pub(super) async fn load(self, key: &CodeKey) -> Option<CodeRecord> {
        let loaded = self.answer(async { self.store.load(key).await }).await;
        loaded.flatten()
    }

    /// Claims a key. Waits while another instance works on it, for a bounded time.
    pub(super) async fn claim(self, key: &CodeKey) -> Turn {
        let owner = Owner::new();
        let polled = async {
            loop {
                let claim = async { self.store.claim(key, &owner, CLAIM_LIFE).await };
                match self.answer(claim).await {
                    Some(CodeClaim::Finished(record)) => return Turn::Done(record),
                    Some(CodeClaim::Running) => self.runtime.sleep(STEP).await,
                    Some(CodeClaim::Granted) | None => return Turn::Ours(owner),
                }
            }
        };
        let turn = self.runtime.timeout(WAIT, polled).await;
        // A claim that has not expired by now never will.
        turn.unwrap_or(Turn::Ours(owner))
    }

    /// Stores the record, or releases the claim if there is none to share.
    pub(super) async fn leave(
        self,
        key: &CodeKey,
        owner: &Owner,
        record: Option<&CodeRecord>,
        life: Duration,
    ) {
        let life = life.min(LIFE_MAX);
        match record.filter(|record| record.is_shareable()) {
            Some(record) => {
                let finish = async { self.store.finish(key, record, life).await };
                self.answer(finish).await;
            }
            None => {
                let release = async { self.store.release(key, owner).await };
                self.answer(release).await;
            }
        }
    }

    /// Returns the store's answer, or `None` if it fails, panics or takes too long.
    async fn answer<T>(self, call: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        let error = match within(Some(self.runtime), PATIENCE, call).await {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        if !error.is_logged() {
            let appid = self.appid;
            tracing::warn!(%appid, error = chain(&error), "the store of sign-ins failed");
        }
        None
    }
}
