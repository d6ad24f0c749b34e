//! The stores keep the rules, and stores that break one are found.

use std::time::Duration;

use bytes::Bytes;
use tower_wechat::StoreError;
use tower_wechat::callback::inbox::{
    Contents, DeadEntry, DeadLimits, EmbeddedInboxStore, Entry, EntryKey, InboxStore,
    MemoryInboxStore, Put, Taken,
};
use tower_wechat::shared::{Owner, conformance};

use super::embedded::Folder;

#[derive(Clone, Copy, PartialEq)]
enum Breaks {
    Nothing,
    StoresTwice,
    AnyoneEnds,
    KeepsLeases,
    IgnoresPauses,
    KeepsPayload,
    LosesDeadLetters,
    LeavesHeldFree,
}

struct Store {
    breaks: Breaks,
    inner: MemoryInboxStore,
    owner: std::sync::Mutex<Option<Owner>>,
}

impl Store {
    fn owner(&self, owner: &Owner) -> Owner {
        match self.breaks {
            // All owners are one.
            Breaks::AnyoneEnds => *self.owner.lock().unwrap().get_or_insert(*owner),
            _ => *owner,
        }
    }

    fn lease(&self, lease: Duration) -> Duration {
        match self.breaks {
            Breaks::KeepsLeases => Duration::from_secs(3600),
            _ => lease,
        }
    }
}

impl InboxStore for Store {
    async fn put(
        &self,
        entry: &Entry,
        holder: Option<&Owner>,
        lease: Duration,
    ) -> Result<Put, StoreError> {
        let holder = holder.filter(|_| self.breaks != Breaks::LeavesHeldFree);
        match self.inner.put(entry, holder, lease).await? {
            Put::Known if self.breaks == Breaks::StoresTwice => Ok(Put::Stored),
            put => Ok(put),
        }
    }

    async fn is_known(&self, key: &EntryKey) -> Result<bool, StoreError> {
        self.inner.is_known(key).await
    }

    async fn take(&self, owner: &Owner, lease: Duration) -> Result<Taken, StoreError> {
        self.inner.take(&self.owner(owner), self.lease(lease)).await
    }

    async fn renew(&self, key: &EntryKey, owner: &Owner, l: Duration) -> Result<bool, StoreError> {
        self.inner
            .renew(key, &self.owner(owner), self.lease(l))
            .await
    }

    async fn finish(&self, key: &EntryKey, owner: &Owner, w: Duration) -> Result<bool, StoreError> {
        self.inner.finish(key, &self.owner(owner), w).await
    }

    async fn retry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        pause: Duration,
        payload: Option<&Bytes>,
    ) -> Result<bool, StoreError> {
        let payload = payload.filter(|_| self.breaks != Breaks::KeepsPayload);
        let pause = match self.breaks {
            Breaks::IgnoresPauses => Duration::ZERO,
            _ => pause,
        };
        self.inner
            .retry(key, &self.owner(owner), pause, payload)
            .await
    }

    async fn bury(
        &self,
        key: &EntryKey,
        owner: &Owner,
        error: &str,
        limits: DeadLimits,
    ) -> Result<bool, StoreError> {
        let limits = match self.breaks {
            Breaks::LosesDeadLetters => DeadLimits::new(1, limits.max_age),
            _ => limits,
        };
        self.inner
            .bury(key, &self.owner(owner), error, limits)
            .await
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

#[tokio::test]
async fn the_stores_keep_the_rules() {
    let memory = MemoryInboxStore::new();
    let folder = Folder::new("conformance");
    let embedded = EmbeddedInboxStore::open(folder.file()).unwrap();
    let (memory, embedded) = tokio::join!(
        conformance::inbox_store(&memory),
        conformance::inbox_store(&embedded)
    );
    memory.unwrap();
    embedded.unwrap();
}

#[tokio::test]
async fn a_store_that_breaks_a_rule_is_found() {
    let broken = [
        (
            Breaks::StoresTwice,
            "an entry with the same key is not stored twice",
        ),
        (Breaks::AnyoneEnds, "only its owner ends an entry"),
        (
            Breaks::KeepsLeases,
            "a lease ends by itself, and another owner takes the entry",
        ),
        (
            Breaks::IgnoresPauses,
            "a pause holds back its user, and nobody else",
        ),
        (
            Breaks::KeepsPayload,
            "an entry is taken with its new payload",
        ),
        (
            Breaks::LosesDeadLetters,
            "the newest dead letters are kept and listed, the oldest first",
        ),
        (
            Breaks::LeavesHeldFree,
            "the holder may store its entry again",
        ),
    ];
    let checks = broken.map(|(breaks, rule)| async move {
        let store = Store {
            breaks,
            inner: MemoryInboxStore::new(),
            owner: None.into(),
        };
        let error = conformance::inbox_store(&store).await.unwrap_err();
        assert_eq!(error.rule(), rule);
    });
    let mut tasks = tokio::task::JoinSet::new();
    checks
        .into_iter()
        .for_each(|check| drop(tasks.spawn(check)));
    tasks.join_all().await;
    let store = Store {
        breaks: Breaks::Nothing,
        inner: MemoryInboxStore::new(),
        owner: None.into(),
    };
    conformance::inbox_store(&store).await.unwrap();
}
