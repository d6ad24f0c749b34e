//! The records of codes and users, each produced once.

use std::time::Duration;

use super::key::CodeKey;
use super::memory::{Kept, MemoryCodeStore};
use super::record::CodeRecord;
use super::shared::{SharedStore, StoreOf, Turn};
use crate::client::App;
use crate::error::{Error, ErrorKind};
use crate::runtime::BoxFuture;
use crate::single_flight::SingleFlight;

/// The records that this instance produced, and those that it shares through the store, if any.
#[derive(Clone)]
pub(super) struct Results {
    app: App,
    life: Duration,
    /// What this instance produced itself. It is served without the store.
    memory: MemoryCodeStore,
    store: Option<SharedStore>,
    flight: SingleFlight<CodeKey, Produced>,
}

/// A record, or a transient error.
pub(super) type Produced = Result<CodeRecord, Error>;

impl Results {
    pub(super) fn new(app: App, life: Duration, capacity: u64, store: Option<SharedStore>) -> Self {
        let clock = app.wechat().clock().clone();
        Self {
            app,
            life,
            memory: MemoryCodeStore::with_shared_clock(clock, capacity),
            store,
            flight: SingleFlight::default(),
        }
    }

    /// Returns a record that this instance produced, also one that has ended and is not dropped yet.
    pub(super) fn look(&self, key: &CodeKey) -> Option<Kept> {
        self.memory.look(key)
    }

    /// Returns the record of a key, if any.
    pub(super) async fn load(&self, key: &CodeKey) -> Option<CodeRecord> {
        match (self.memory.get(key), &self.store) {
            (Some(record), _) => Some(record),
            (None, Some(store)) => self.shared(store).load(key).await,
            (None, None) => None,
        }
    }

    /// Returns the record of a key, and lets one caller of all instances produce it with `work`.
    pub(super) async fn once(
        &self,
        key: CodeKey,
        work: impl Fn() -> BoxFuture<'static, Produced>,
    ) -> Produced {
        let runtime = self.app.wechat().runtime();
        let produce = |_| self.clone().produce(key, work());
        let produced = self.flight.run(runtime, &key, produce).await;
        produced.unwrap_or_else(|| {
            let message = "the task that signed the user in was stopped";
            Err(Error::new(ErrorKind::Interrupted, message))
        })
    }

    fn shared<'a>(&'a self, store: &'a SharedStore) -> StoreOf<'a> {
        store.of(self.app.wechat().runtime(), self.app.appid())
    }

    fn produce(
        self,
        key: CodeKey,
        work: BoxFuture<'static, Produced>,
    ) -> BoxFuture<'static, Produced> {
        Box::pin(async move {
            // Another caller may have produced it since this one looked.
            if let Some(record) = self.memory.get(&key) {
                return Ok(record);
            }
            let claimed = match &self.store {
                None => None,
                Some(store) => match self.shared(store).claim(&key).await {
                    Turn::Ours(owner) => Some((store, owner)),
                    Turn::Done(record) => return Ok(record),
                },
            };
            let produced = work.await;
            if let Ok(record) = &produced {
                self.memory.put(key, record.clone(), self.life);
            }
            if let Some((store, owner)) = claimed {
                let record = produced.as_ref().ok();
                let store = self.shared(store);
                store.leave(&key, &owner, record, self.life).await;
            }
            produced
        })
    }
}
