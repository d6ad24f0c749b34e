//! Dead letters: buried, listed, and run again or dropped.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use super::scripts::{on_app, on_held};
use super::{millis, record};
use crate::callback::inbox::{DeadEntry, DeadLimits, EntryKey};
use crate::shared::redis::script::Script;
use crate::shared::redis::store::RedisStore;
use crate::store::{Owner, StoreError};

/// The longest error text, in characters.
const ERROR_MAX: usize = 1000;

/// The arguments are the owner, the error, and the limits. Returns one more than the number of
/// dropped dead letters.
static BURY: LazyLock<Script> = LazyLock::new(|| {
    on_held(
        "leave(id, state) \
         let_go(id, state, tries_of(state)) \
         call('HSET', errors, id, ARGV[2]) \
         call('ZADD', dead, next_number(), id) \
         call('ZADD', expires, int(now + ARGV[4]), id) \
         local dropped = drop_expired() \
         local beyond = call('ZCARD', dead) - tonumber(ARGV[3]) \
         if beyond > 0 then \
           for _, old in ipairs(call('ZRANGE', dead, 0, int(beyond - 1))) do \
             drop(old) \
             dropped = dropped + 1 \
           end \
         end \
         return 1 + dropped",
    )
});

/// Returns records, errors, tries, and times in microseconds.
static LIST: LazyLock<Script> = LazyLock::new(|| {
    on_app(
        "local letters, max = {}, tonumber(ARGV[1]) \
         for _, id in ipairs(call('ZRANGE', dead, 0, -1)) do \
           if #letters >= max then break end \
           if tonumber(call('ZSCORE', expires, id)) > now then \
             letters[#letters + 1] = { \
               call('HGET', entries, id), \
               call('HGET', errors, id), \
               tries_of(call('HGET', states, id)), \
               tonumber(call('ZSCORE', dead, id)) \
             } \
           end \
         end \
         return letters",
    )
});

static REVIVE: LazyLock<Script> = LazyLock::new(|| {
    on_app(
        "local id = ARGV[1] \
         if call('ZREM', dead, id) == 0 then return 0 end \
         call('ZREM', expires, id) \
         call('HDEL', errors, id) \
         local lane = lane_of(call('HGET', states, id)) \
         call('HSET', states, id, state_of(enter(id, lane), 0, free, lane)) \
         promote(lane) \
         return 1",
    )
});

static DISCARD: LazyLock<Script> = LazyLock::new(|| {
    on_app(
        "if not call('ZSCORE', dead, ARGV[1]) then return 0 end \
         drop(ARGV[1]) \
         return 1",
    )
});

/// What a dead letter consists of: the record, the error, the tries, and the time.
type Letter = (Vec<u8>, Vec<u8>, u32, u64);

impl RedisStore {
    pub(super) async fn bury_entry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        error: &str,
        limits: DeadLimits,
    ) -> Result<bool, StoreError> {
        let names = self.inbox_names(&key.appid);
        let error: String = error.chars().take(ERROR_MAX).collect();
        let error = record::close_bytes(self.sealing(), names.entries(), error.as_bytes());
        let mut script = names.keys(&BURY);
        script.arg(owner.to_string()).arg(error);
        script.arg(limits.max).arg(millis(limits.max_age));
        let buried: u64 = self.run(names.node(), script).await?;
        let Some(dropped) = buried.checked_sub(1) else {
            return Ok(false);
        };
        log_dropped(dropped);
        Ok(true)
    }

    pub(super) async fn list_dead_letters(&self, max: usize) -> Result<Vec<DeadEntry>, StoreError> {
        let mut entries = Vec::new();
        for appid in self.inbox_apps().await? {
            let names = self.inbox_names(&appid);
            let mut script = names.keys(&LIST);
            script.arg(max);
            let letters: Vec<Letter> = self.run(names.node(), script).await?;
            for (stored, error, tries, micros) in letters {
                let (seal, name) = (self.sealing(), names.entries());
                let Some(entry) = record::open(seal, name, &appid, &stored) else {
                    tracing::warn!(%appid, "a dead letter is damaged, or sealed with another key");
                    continue;
                };
                let error = record::open_bytes(seal, name, &error).unwrap_or_default();
                let since = SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(micros));
                let since = since.unwrap_or(SystemTime::UNIX_EPOCH);
                let error = String::from_utf8_lossy(&error);
                entries.push(DeadEntry::new(entry, tries, error, since));
            }
        }
        entries.sort_by_key(|entry| entry.since);
        entries.truncate(max);
        Ok(entries)
    }

    pub(super) async fn revive_dead_letter(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let names = self.inbox_names(&key.appid);
        let mut script = names.keys(&REVIVE);
        script.arg(self.inbox_id(key));
        self.run(names.node(), script).await
    }

    pub(super) async fn discard_dead_letter(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let names = self.inbox_names(&key.appid);
        let mut script = names.keys(&DISCARD);
        script.arg(self.inbox_id(key));
        self.run(names.node(), script).await
    }
}

pub(super) fn log_dropped(dropped: u64) {
    if dropped > 0 {
        tracing::warn!(
            dropped,
            "dropped dead letters of the inbox: too many or too old"
        );
    }
}
