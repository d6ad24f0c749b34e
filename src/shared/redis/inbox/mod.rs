//! The entries of an inbox.
//!
//! | key, after the app | type | value |
//! |---|---|---|
//! | `:inbox:last` | number | the number of the newest entry |
//! | `:inbox:entries` | hash | the [record](record) of each entry and dead letter, by id |
//! | `:inbox:states` | hash | the state of each of them, by id; `o` and an owner: the id of what it holds |
//! | `:inbox:lanes` | sorted set | for each entry its lane, number and id, in the order of the text |
//! | `:inbox:order` | sorted set | the ids of the entries, by number |
//! | `:inbox:ready` | sorted set | the ids of the entries that can be taken, by number |
//! | `:inbox:ends` | sorted set | the ids of the entries that are held or in a pause, by its end |
//! | `:inbox:finished` | sorted set | the ids of finished entries, by the end of their window |
//! | `:inbox:dead` | sorted set | the ids of the dead letters, by the number of their burial |
//! | `:inbox:expires` | sorted set | the same ids, by the end of their age |
//! | `:inbox:errors` | hash | the last error of each dead letter, by id |
//!
//! `{inbox}:apps` is the set of the apps that have such keys. It is in another slot, so an app is
//! noted in it before its first entry is stored.
//!
//! An *id* is what the sealing makes of the entry's dedup key. A *lane* is a digest of the user, or
//! of the id for a push without a user. Only the first entry of a lane can be ready, so the entries
//! of a user run one after the other, whichever process takes them. A stream would need a worker of
//! its own for each part of the users, and could not keep back those whose entry is in a pause.
//!
//! A *number* is the time of arrival in microseconds, by the clock of the server, or one more than
//! the last number if that is later. Ends are in milliseconds, by the same clock.
//!
//! | characters of a state | |
//! |---|---|
//! | 1 to 16 | the number |
//! | 17 to 22 | the tries so far |
//! | 23 to 54 | the owner, or zeros |
//! | 55 to 86 | the lane |
//!
//! Nothing here expires by itself, except the finished keys. What an owner holds is found by the
//! owner, so a key rotation that changes the ids does not leave entries without an end.
//!
//! The first write of each script decides what happens while the server is out of memory: `put`
//! begins with one that is refused, and the others with one that is not.

mod apps;
mod dead_letters;
mod entries;
mod record;
mod scripts;
mod takes;

pub(super) use self::apps::Apps;

use std::time::Duration;

use bytes::Bytes;

use super::script::{Invocation, Script};
use super::store::RedisStore;
use crate::app::AppId;
use crate::callback::inbox::{
    Contents, DeadEntry, DeadLimits, Entry, EntryKey, InboxStore, Put, Taken,
};
use crate::store::{Owner, StoreError};

/// The longest time that is stored. The numbers of a script are exact up to there.
const TIME_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The names of an app's keys, in the order of the scripts.
struct Names([String; 11]);

impl Names {
    fn keys<'a>(&self, script: &'a Script) -> Invocation<'a> {
        script.keys(self.0.iter().map(String::as_str))
    }

    /// Returns one of the names, which selects the node.
    fn node(&self) -> &str {
        let [last, ..] = &self.0;
        last
    }

    /// Returns the name that records are sealed under.
    fn entries(&self) -> &str {
        let [_, entries, ..] = &self.0;
        entries
    }
}

impl RedisStore {
    fn inbox_names(&self, appid: &AppId) -> Names {
        let kinds = [
            "last", "entries", "states", "lanes", "order", "ready", "ends", "finished", "dead",
            "expires", "errors",
        ];
        Names(kinds.map(|kind| self.name(appid.as_str(), format_args!("inbox:{kind}"))))
    }

    fn inbox_id(&self, key: &EntryKey) -> String {
        self.sealing().name("inbox", &key.dedup.to_string())
    }
}

/// Returns a time in whole milliseconds.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.min(TIME_MAX).as_millis()).unwrap_or_default()
}

impl InboxStore for RedisStore {
    async fn put(
        &self,
        entry: &Entry,
        holder: Option<&Owner>,
        lease: Duration,
    ) -> Result<Put, StoreError> {
        self.put_entry(entry, holder, lease).await
    }

    async fn is_known(&self, key: &EntryKey) -> Result<bool, StoreError> {
        self.knows_entry(key).await
    }

    async fn take(&self, owner: &Owner, lease: Duration) -> Result<Taken, StoreError> {
        self.take_entry(owner, lease).await
    }

    async fn renew(
        &self,
        key: &EntryKey,
        owner: &Owner,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        self.renew_entry(key, owner, lease).await
    }

    async fn finish(
        &self,
        key: &EntryKey,
        owner: &Owner,
        window: Duration,
    ) -> Result<bool, StoreError> {
        self.finish_entry(key, owner, window).await
    }

    async fn retry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        pause: Duration,
        payload: Option<&Bytes>,
    ) -> Result<bool, StoreError> {
        self.retry_entry(key, owner, pause, payload).await
    }

    async fn bury(
        &self,
        key: &EntryKey,
        owner: &Owner,
        error: &str,
        limits: DeadLimits,
    ) -> Result<bool, StoreError> {
        self.bury_entry(key, owner, error, limits).await
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadEntry>, StoreError> {
        self.list_dead_letters(max).await
    }

    async fn revive(&self, key: &EntryKey) -> Result<bool, StoreError> {
        self.revive_dead_letter(key).await
    }

    async fn discard(&self, key: &EntryKey) -> Result<bool, StoreError> {
        self.discard_dead_letter(key).await
    }

    async fn contents(&self) -> Result<Contents, StoreError> {
        self.count_entries().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::dedup::DedupKey;
    use crate::shared::redis::SealKey;

    #[test]
    fn the_keys_of_an_app_are_in_its_slot_and_hide_the_push() {
        let store = RedisStore::new("redis://127.0.0.1").unwrap().prefix("shop");
        let appid = AppId::new("wx3cc8fd6963e31a32").unwrap();
        let names = store.inbox_names(&appid);
        assert_eq!(names.node(), "shop:{wx3cc8fd6963e31a32}:inbox:last");
        assert_eq!(names.entries(), "shop:{wx3cc8fd6963e31a32}:inbox:entries");
        let key = EntryKey::new(appid, "o1", DedupKey::from_bytes([1; 20]));
        assert_eq!(store.inbox_id(&key), key.dedup.to_string());
        let sealed = store.seal(SealKey::new([1; 32]));
        assert_ne!(sealed.inbox_id(&key), key.dedup.to_string());
    }

    #[test]
    fn a_time_is_exact_or_a_century() {
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::from_micros(1500)), 1);
        assert_eq!(millis(Duration::MAX), 3_153_600_000_000);
    }
}
