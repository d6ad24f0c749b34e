//! A store with faults and a count of its calls, and handlers that note what they did.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::{Instant, sleep};
use tower::service_fn;
use tower::util::BoxCloneSyncService;
use tower_wechat::callback::deadline::LateReply;
use tower_wechat::callback::inbox::{
    Contents, DeadEntry, DeadLimits, Entry, EntryKey, InboxStore, MemoryInboxStore, Put, Taken,
};
use tower_wechat::shared::Owner;
use tower_wechat::{BoxError, Clock, Message, Reply, StoreError};

use crate::callback::support::{APPID, NOW, message_of};

pub struct TokioClock(pub Instant);

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A store in memory on tokio's clock.
pub fn memory() -> MemoryInboxStore {
    MemoryInboxStore::new().clock(TokioClock(Instant::now()))
}

/// Returns the message of a user with this id.
pub fn of(user: &str, id: usize) -> Message {
    let fields = format!(
        "<xml><FromUserName>{user}</FromUserName><CreateTime>{NOW}</CreateTime>\
         <MsgType>text</MsgType><Content>hi</Content><MsgId>{id}</MsgId></xml>"
    );
    message_of(APPID, fields)
}

/// What happened, in order.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// A hook that notes the texts of late replies.
    pub fn hook(&self) -> BoxCloneSyncService<LateReply, (), BoxError> {
        let notes = self.clone();
        BoxCloneSyncService::new(service_fn(move |late: LateReply| {
            notes.add(format!("late {}", late.reply.as_text().unwrap()));
            async { Ok(()) }
        }))
    }

    /// A handler that notes its start and its end, and replies with the id.
    pub fn handler(&self, work: Duration) -> BoxCloneSyncService<Message, Reply, BoxError> {
        let notes = self.clone();
        BoxCloneSyncService::new(service_fn(move |message: Message| {
            let notes = notes.clone();
            async move {
                let id = message.msg_id().unwrap().to_owned();
                notes.add(format!("start {id}"));
                sleep(work).await;
                notes.add(format!("end {id}"));
                Ok(Reply::text(id))
            }
        }))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    Fails,
    Hangs,
    Full,
    Panics,
}

/// A store whose next `put`s fail.
#[derive(Clone)]
pub struct TestStore {
    pub inner: MemoryInboxStore,
    fault: Arc<Mutex<Option<Fault>>>,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl TestStore {
    pub fn new(inner: MemoryInboxStore) -> Self {
        Self {
            inner,
            fault: Arc::default(),
            calls: Arc::default(),
        }
    }

    pub fn fail(&self, fault: impl Into<Option<Fault>>) {
        *self.fault.lock().unwrap() = fault.into();
    }

    /// Returns the calls other than those of the workers.
    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    fn called(&self, name: &'static str) {
        self.calls.lock().unwrap().push(name);
    }
}

impl InboxStore for TestStore {
    async fn put(
        &self,
        entry: &Entry,
        holder: Option<&Owner>,
        lease: Duration,
    ) -> Result<Put, StoreError> {
        self.called("put");
        let fault = *self.fault.lock().unwrap();
        match fault {
            None => self.inner.put(entry, holder, lease).await,
            Some(Fault::Fails) => Err(StoreError::new("it is gone")),
            Some(Fault::Hangs) => pending().await,
            Some(Fault::Full) => Ok(Put::Full),
            Some(Fault::Panics) => panic!("in the host's store"),
        }
    }

    async fn is_known(&self, key: &EntryKey) -> Result<bool, StoreError> {
        self.called("is_known");
        self.inner.is_known(key).await
    }

    async fn take(&self, owner: &Owner, lease: Duration) -> Result<Taken, StoreError> {
        self.inner.take(owner, lease).await
    }

    async fn renew(&self, key: &EntryKey, owner: &Owner, l: Duration) -> Result<bool, StoreError> {
        self.inner.renew(key, owner, l).await
    }

    async fn finish(&self, key: &EntryKey, owner: &Owner, w: Duration) -> Result<bool, StoreError> {
        self.called("finish");
        self.inner.finish(key, owner, w).await
    }

    async fn retry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        pause: Duration,
        payload: Option<&Bytes>,
    ) -> Result<bool, StoreError> {
        self.called("retry");
        self.inner.retry(key, owner, pause, payload).await
    }

    async fn bury(
        &self,
        key: &EntryKey,
        owner: &Owner,
        error: &str,
        limits: DeadLimits,
    ) -> Result<bool, StoreError> {
        self.called("bury");
        self.inner.bury(key, owner, error, limits).await
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadEntry>, StoreError> {
        self.inner.dead_letters(max).await
    }

    async fn revive(&self, key: &EntryKey) -> Result<bool, StoreError> {
        self.inner.revive(key).await
    }

    async fn discard(&self, key: &EntryKey) -> Result<bool, StoreError> {
        self.inner.discard(key).await
    }

    async fn contents(&self) -> Result<Contents, StoreError> {
        self.inner.contents().await
    }
}

/// Returns how many entries are stored.
pub async fn depth(store: &impl InboxStore) -> u64 {
    store.contents().await.unwrap().depth
}
