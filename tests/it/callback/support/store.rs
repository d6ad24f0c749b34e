//! A store of pushes that several instances share, with faults and a count of its calls.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};
use tower_wechat::callback::dedup::{Claimed, DedupStore, MemoryDedupStore, PushKey};
use tower_wechat::shared::Owner;
use tower_wechat::{Clock, Reply, StoreError};

#[derive(Clone)]
pub struct TestStore {
    inner: MemoryDedupStore,
    fault: Arc<Mutex<Option<Fault>>>,
    calls: Arc<Mutex<Vec<&'static str>>>,
    delay: Duration,
}

#[derive(Clone, Copy)]
pub enum Fault {
    Fails,
    /// Fails, and has logged it.
    Logged,
    Hangs,
    Panics,
    /// This call hangs; the others succeed.
    HangsIn(&'static str),
}

impl Default for TestStore {
    fn default() -> Self {
        Self {
            inner: MemoryDedupStore::new().clock(TokioClock(Instant::now())),
            fault: Arc::default(),
            calls: Arc::default(),
            delay: Duration::ZERO,
        }
    }
}

impl TestStore {
    /// Returns the same store as an instance with this fault sees it.
    pub fn with(&self, fault: Fault) -> Self {
        Self {
            fault: Arc::new(Mutex::new(Some(fault))),
            ..self.clone()
        }
    }

    /// Returns a store whose calls each take this long.
    pub fn slow(delay: Duration) -> Self {
        Self {
            delay,
            ..Self::default()
        }
    }

    /// Sets or clears the fault for all instances that see it.
    pub fn set_fault(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Returns the calls of all instances.
    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    async fn call(&self, call: &'static str) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push(call);
        sleep(self.delay).await;
        let fault = *self.fault.lock().unwrap();
        match fault {
            None => Ok(()),
            Some(Fault::Fails) => Err(StoreError::new("connection refused")),
            Some(Fault::Logged) => Err(StoreError::logged("connection refused")),
            Some(Fault::Hangs) => pending().await,
            Some(Fault::Panics) => panic!("the store's own fault"),
            Some(Fault::HangsIn(hangs)) if hangs == call => pending().await,
            Some(Fault::HangsIn(_)) => Ok(()),
        }
    }
}

impl DedupStore for TestStore {
    async fn claim(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<Claimed, StoreError> {
        self.call("claim").await?;
        self.inner.claim(push, owner, life).await
    }

    async fn renew(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<bool, StoreError> {
        self.call("renew").await?;
        self.inner.renew(push, owner, life).await
    }

    async fn finish(
        &self,
        push: &PushKey,
        owner: &Owner,
        reply: &Reply,
        life: Duration,
    ) -> Result<(), StoreError> {
        self.call("finish").await?;
        self.inner.finish(push, owner, reply, life).await
    }

    async fn release(&self, push: &PushKey, owner: &Owner) -> Result<(), StoreError> {
        self.call("release").await?;
        self.inner.release(push, owner).await
    }

    async fn remember(&self, push: &PushKey) -> Result<(), StoreError> {
        self.call("remember").await?;
        self.inner.remember(push).await
    }
}

/// A clock that follows tokio's time, which tests pause.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}
