//! What is stored: new entries, known keys, and the counts.

use std::sync::LazyLock;
use std::time::Duration;

use super::scripts::on_app;
use super::{millis, record};
use crate::callback::inbox::{Contents, Entry, EntryKey, Put};
use crate::shared::redis::script::Script;
use crate::shared::redis::store::RedisStore;
use crate::store::{Owner, StoreError};

/// The most entries of an app that wait or run.
const ENTRIES_MAX: usize = 100_000;

/// The arguments are the id, the lane, the record, the owner or nothing, its lease, and the limit.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    on_app(
        "local id, lane, owner = ARGV[1], ARGV[2], ARGV[4] \
         local is_held = owner ~= '' \
         local state = call('HGET', states, id) \
         if state then \
           if is_held and owner_of(state) == owner then return 'stored' end \
           return 'known' \
         end \
         local window = call('ZSCORE', finished, id) \
         if window and tonumber(window) > now then return 'known' end \
         if call('ZCARD', order) >= tonumber(ARGV[6]) then return 'full' end \
         local number = enter(id, lane) \
         call('HSET', entries, id, ARGV[3]) \
         if is_held then \
           call('HSET', states, id, state_of(number, 1, owner, lane)) \
           call('HSET', states, 'o' .. owner, id) \
           call('ZADD', ends, int(now + ARGV[5]), id) \
         else \
           call('HSET', states, id, state_of(number, 0, free, lane)) \
         end \
         promote(lane) \
         return 'stored'",
    )
});

static IS_KNOWN: LazyLock<Script> = LazyLock::new(|| {
    on_app(
        "if call('HEXISTS', states, ARGV[1]) == 1 then return 1 end \
         local window = call('ZSCORE', finished, ARGV[1]) \
         return (window and tonumber(window) > now) and 1 or 0",
    )
});

/// Returns the number of entries, the age of the oldest, and the number of dead letters.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    on_app(
        "local oldest = call('ZRANGE', order, 0, 0, 'WITHSCORES')[2] \
         local age = oldest and math.max(0, now - math.floor(oldest / 1000)) or 0 \
         return {call('ZCARD', order), age, call('ZCOUNT', expires, '(' .. int(now), '+inf')}",
    )
});

impl RedisStore {
    pub(super) async fn put_entry(
        &self,
        entry: &Entry,
        holder: Option<&Owner>,
        lease: Duration,
    ) -> Result<Put, StoreError> {
        let key = &entry.key;
        self.note_app(&key.appid).await?;
        let names = self.inbox_names(&key.appid);
        let record = record::close(self.sealing(), names.entries(), key, &entry.payload);
        let owner = holder.map(Owner::to_string).unwrap_or_default();
        let mut script = names.keys(&PUT);
        script.arg(self.inbox_id(key)).arg(self.lane(key));
        script.arg(record).arg(owner).arg(millis(lease));
        script.arg(ENTRIES_MAX);
        let put: String = self.run(names.node(), script).await?;
        match put.as_str() {
            "stored" => Ok(Put::Stored),
            "known" => Ok(Put::Known),
            _ => Ok(Put::Full),
        }
    }

    pub(super) async fn knows_entry(&self, key: &EntryKey) -> Result<bool, StoreError> {
        let names = self.inbox_names(&key.appid);
        let mut script = names.keys(&IS_KNOWN);
        script.arg(self.inbox_id(key));
        self.run(names.node(), script).await
    }

    pub(super) async fn count_entries(&self) -> Result<Contents, StoreError> {
        let mut all = Contents::default();
        for appid in self.inbox_apps().await? {
            let names = self.inbox_names(&appid);
            let counted = self.run(names.node(), names.keys(&COUNT)).await?;
            let (depth, age, dead_letters): (u64, u64, u64) = counted;
            all.depth += depth;
            all.dead_letters += dead_letters;
            let age = (depth > 0).then(|| Duration::from_millis(age));
            all.oldest = all.oldest.max(age);
        }
        Ok(all)
    }

    /// Returns the entries that run one after the other with this one.
    fn lane(&self, key: &EntryKey) -> String {
        let lane = match key.openid.is_empty() {
            true => format!("push:{}", key.dedup),
            false => format!("user:{}", key.openid),
        };
        self.sealing().digest(&lane)
    }
}
