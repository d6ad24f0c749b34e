//! The parts of late replies that wait for their user.
//!
//! | key, after the app | type | value |
//! |---|---|---|
//! | `:late:OPENID` | list | the parts in order; it expires with the last one |
//!
//! An element is a head of fixed length and the sealed part. All times are in milliseconds, by the
//! clock of the server, which all instances share.
//!
//! | characters of the head | |
//! |---|---|
//! | 1 to 15 | when the part expires |
//! | 16 to 30 | when the claim of the message that took it ends |
//! | 31 to 62 | a digest of that message |
//! | 63 to 94 | the id of the call that put the part |
//!
//! The claim and the digest are zeros while the part waits. The part is sealed under the name of the
//! list, so it can be read at any place of it.
//!
//! The client of a cluster sends a command again when the connection breaks before the answer, though
//! the server may have run it. Parts whose id is in the list are not put again. `take` and
//! `give_back` are repeatable by the digest.

use std::sync::LazyLock;
use std::time::Duration;

use super::script::{Script, millis};
use super::store::RedisStore;
use crate::app::AppId;
use crate::callback::Reply;
use crate::callback::deadline::pick_up::{PickUpStore, Taken};
use crate::callback::dedup::DedupKey;
use crate::store::StoreError;

/// How long a part is kept for the message that took it. The platform retries a message for ten
/// seconds.
const REPEAT: Duration = Duration::from_secs(60);

/// The longest time that a part waits. A later time would not fit in the head.
const AGE_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Reads the list, removes what has expired, and counts the parts that wait.
const READ: &str = "\
    local list = KEYS[1] \
    local free = string.rep('0', 47) \
    local time = redis.call('TIME') \
    local now = time[1] * 1000 + math.floor(time[2] / 1000) \
    local parts, waiting, last = {}, 0, now \
    for _, part in ipairs(redis.call('LRANGE', list, 0, -1)) do \
      local waits = string.sub(part, 16, 62) == free \
      local ends = tonumber(waits and string.sub(part, 1, 15) or string.sub(part, 16, 30)) \
      if ends > now then \
        parts[#parts + 1] = part \
        last = math.max(last, ends) \
        if waits then waiting = waiting + 1 end \
      else \
        redis.call('LREM', list, 1, part) \
      end \
    end ";

static PUT: LazyLock<Script> = LazyLock::new(|| {
    let put = "\
        local ends, id = now + tonumber(ARGV[2]), ARGV[3] \
        local added = 0 \
        for _, part in ipairs(parts) do \
          if string.sub(part, 63, 94) == id then added = added + 1 end \
        end \
        if added > 0 then return added end \
        local room = math.min(tonumber(ARGV[1]) - waiting, #ARGV - 3) \
        while added < room do \
          added = added + 1 \
          local head = string.format('%015.0f', ends) .. free .. id \
          redis.call('RPUSH', list, head .. ARGV[added + 3]) \
        end \
        redis.call('PEXPIREAT', list, math.max(last, ends)) \
        return added";
    Script::new([READ, put].concat())
});

static TAKE: LazyLock<Script> = LazyLock::new(|| {
    let take = "\
        for _, part in ipairs(parts) do \
          if string.sub(part, 31, 62) == ARGV[1] then return {string.sub(part, 95), waiting} end \
        end \
        for i, part in ipairs(parts) do \
          if string.sub(part, 16, 62) == free then \
            local ends = now + tonumber(ARGV[2]) \
            local claim = string.format('%015.0f', ends) .. ARGV[1] \
            local taken = string.sub(part, 1, 15) .. claim .. string.sub(part, 63) \
            redis.call('LSET', list, i - 1, taken) \
            redis.call('PEXPIREAT', list, math.max(last, ends)) \
            return {string.sub(part, 95), waiting - 1} \
          end \
        end \
        return false";
    Script::new([READ, take].concat())
});

static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| {
    let give_back = "\
        for i, part in ipairs(parts) do \
          if string.sub(part, 31, 62) == ARGV[1] then \
            redis.call('LSET', list, i - 1, string.sub(part, 1, 15) .. free .. string.sub(part, 63)) \
          end \
        end \
        return 1";
    Script::new([READ, give_back].concat())
});

impl RedisStore {
    fn late_name(&self, appid: &AppId, openid: &str) -> String {
        let openid = self.sealing().name("late", openid);
        self.name(appid.as_str(), format_args!("late:{openid}"))
    }

    /// Returns how a message is named in the head of the part that it took.
    fn claimant(&self, message: &DedupKey) -> String {
        self.sealing().digest(&message.to_string())
    }
}

impl PickUpStore for RedisStore {
    async fn put(
        &self,
        appid: &AppId,
        openid: &str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> Result<usize, StoreError> {
        let name = self.late_name(appid, openid);
        let mut script = PUT.key(&name);
        script.arg(max_parts).arg(millis(max_age.min(AGE_MAX)));
        script.arg(format!("{:032x}", rand::random::<u128>()));
        for part in &parts {
            let part = serde_json::to_vec(part).map_err(StoreError::new)?;
            script.arg(self.sealing().close(&name, &part));
        }
        self.run(&name, script).await
    }

    async fn take(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<Option<Taken>, StoreError> {
        let name = self.late_name(appid, openid);
        let mut script = TAKE.key(&name);
        script.arg(self.claimant(message)).arg(millis(REPEAT));
        let taken: Option<(Vec<u8>, usize)> = self.run(&name, script).await?;
        let Some((part, left)) = taken else {
            return Ok(None);
        };
        let part = self.sealing().open(&name, &part);
        match part.and_then(|part| serde_json::from_slice(&part).ok()) {
            Some(reply) => Ok(Some(Taken::new(reply, left))),
            // Sealed with a key that this instance does not have. Another one may have it.
            None => self.give_back(appid, openid, message).await.map(|()| None),
        }
    }

    async fn give_back(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<(), StoreError> {
        let name = self.late_name(appid, openid);
        let mut script = GIVE_BACK.key(&name);
        script.arg(self.claimant(message));
        self.run(&name, script).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::redis::SealKey;

    #[test]
    fn the_parts_of_a_user_are_one_key_in_the_slot_of_the_app() {
        let store = RedisStore::new("redis://127.0.0.1").unwrap().prefix("shop");
        let appid = AppId::new("wx3cc8fd6963e31a32").unwrap();
        let name = store.late_name(&appid, "o1");
        assert_eq!(name, "shop:{wx3cc8fd6963e31a32}:late:o1");
        let sealed = store.seal(SealKey::new([1; 32]));
        let name = sealed.late_name(&appid, "o1");
        let openid = name.strip_prefix("shop:{wx3cc8fd6963e31a32}:late:");
        assert_eq!(openid.unwrap().len(), 32);
    }
}
