//! Entries that run: taken, renewed, and given back or finished.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;

use super::dead_letters::log_dropped;
use super::scripts::{on_app, on_held};
use super::{Names, millis, record};
use crate::app::AppId;
use crate::callback::inbox::{EntryKey, Taken, TakenEntry};
use crate::shared::redis::script::Script;
use crate::shared::redis::store::RedisStore;
use crate::store::{Owner, StoreError};

/// For how long an entry waits that this instance cannot read: another one may have the key.
const UNREADABLE: Duration = Duration::from_secs(60);

/// Returns a record and the number of its try, or nothing and the time until something ends, or
/// -1; and the number of dropped dead letters. An owner whose first answer was lost gets the same
/// entry again.
///
/// All entries whose pause or lease has ended wait again before the oldest one is chosen, up to a
/// thousand at a time.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    on_app(
        "local owner = ARGV[1] \
         local ended = call('ZRANGEBYSCORE', ends, '-inf', int(now), 'LIMIT', 0, 1000) \
         for _, id in ipairs(ended) do \
           call('ZREM', ends, id) \
           local state = call('HGET', states, id) \
           let_go(id, state, tries_of(state)) \
           promote(lane_of(state)) \
         end \
         local id = call('HGET', states, 'o' .. owner) \
         if id then \
           return {call('HGET', entries, id), tries_of(call('HGET', states, id)), 0} \
         end \
         id = call('ZRANGE', ready, 0, 0)[1] \
         if not id then \
           local dropped = drop_expired() \
           local first = call('ZRANGE', ends, 0, 0, 'WITHSCORES')[2] \
           return {false, first and math.max(0, first - now) or -1, dropped} \
         end \
         call('ZREM', ready, id) \
         local state = call('HGET', states, id) \
         local tries = tries_of(state) + 1 \
         call('HSET', states, id, state_of(number_of(state), tries, owner, lane_of(state))) \
         call('HSET', states, 'o' .. owner, id) \
         call('ZADD', ends, int(now + ARGV[2]), id) \
         return {call('HGET', entries, id), tries, 0}",
    )
});

static RENEW: LazyLock<Script> =
    LazyLock::new(|| on_held("call('ZADD', ends, int(now + ARGV[2]), id) return 1"));

/// The finished keys expire with the last of them.
static FINISH: LazyLock<Script> = LazyLock::new(|| {
    on_held(
        "leave(id, state) \
         call('HDEL', entries, id) \
         call('HDEL', states, id) \
         local window = tonumber(ARGV[2]) \
         if window > 0 then \
           call('ZREMRANGEBYSCORE', finished, '-inf', int(now)) \
           local life = math.max(window, call('PTTL', finished)) \
           call('ZADD', finished, int(now + window), id) \
           call('PEXPIRE', finished, int(life)) \
         end \
         return 1",
    )
});

/// The arguments are the owner, the pause, how many tries are not counted, and a new record.
static RETRY: LazyLock<Script> = LazyLock::new(|| {
    on_held(
        "let_go(id, state, math.max(0, tries_of(state) - ARGV[3])) \
         if ARGV[4] then call('HSET', entries, id, ARGV[4]) end \
         local pause = tonumber(ARGV[2]) \
         if pause > 0 then \
           call('ZADD', ends, int(now + pause), id) \
         else \
           call('ZREM', ends, id) \
           promote(lane_of(state)) \
         end \
         return 1",
    )
});

impl RedisStore {
    pub(super) async fn take_entry(
        &self,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Taken, StoreError> {
        let mut next: Option<Duration> = None;
        for appid in self.apps_in_turn().await? {
            match self.take_of(&appid, owner, lease).await? {
                Taken::Nothing(Some(wait)) => {
                    next = Some(next.map_or(wait, |next| next.min(wait)));
                }
                Taken::Nothing(None) => {}
                taken => return Ok(taken),
            }
        }
        Ok(Taken::Nothing(next))
    }

    /// Takes the oldest entry of an app.
    async fn take_of(
        &self,
        appid: &AppId,
        owner: &Owner,
        lease: Duration,
    ) -> Result<Taken, StoreError> {
        let names = self.inbox_names(appid);
        loop {
            let mut script = names.keys(&TAKE);
            script.arg(owner.to_string()).arg(millis(lease));
            let taken = self.run(names.node(), script).await?;
            let (stored, number, dropped): (Option<Vec<u8>>, i64, u64) = taken;
            log_dropped(dropped);
            let Some(stored) = stored else {
                return Ok(Taken::Nothing(
                    u64::try_from(number).ok().map(Duration::from_millis),
                ));
            };
            if let Some(entry) = record::open(self.sealing(), names.entries(), appid, &stored) {
                let attempt = u32::try_from(number).unwrap_or(u32::MAX);
                return Ok(Taken::Entry(TakenEntry::new(entry, attempt)));
            }
            tracing::error!(%appid, "an entry of the inbox is damaged, or sealed with another key");
            self.give_up(&names, owner).await?;
        }
    }

    /// Gives back an entry that was taken and cannot be read.
    async fn give_up(&self, names: &Names, owner: &Owner) -> Result<bool, StoreError> {
        let mut script = names.keys(&RETRY);
        script.arg(owner.to_string()).arg(millis(UNREADABLE)).arg(1);
        self.run(names.node(), script).await
    }

    pub(super) async fn renew_entry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let names = self.inbox_names(&key.appid);
        let mut script = names.keys(&RENEW);
        script.arg(owner.to_string()).arg(millis(lease));
        self.run(names.node(), script).await
    }

    pub(super) async fn finish_entry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        window: Duration,
    ) -> Result<bool, StoreError> {
        let names = self.inbox_names(&key.appid);
        let mut script = names.keys(&FINISH);
        script.arg(owner.to_string()).arg(millis(window));
        self.run(names.node(), script).await
    }

    pub(super) async fn retry_entry(
        &self,
        key: &EntryKey,
        owner: &Owner,
        pause: Duration,
        payload: Option<&Bytes>,
    ) -> Result<bool, StoreError> {
        let names = self.inbox_names(&key.appid);
        let mut script = names.keys(&RETRY);
        script.arg(owner.to_string()).arg(millis(pause)).arg(0);
        if let Some(payload) = payload {
            let record = record::close(self.sealing(), names.entries(), key, payload);
            script.arg(record);
        }
        self.run(names.node(), script).await
    }
}
