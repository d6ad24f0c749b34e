//! Pushes: what runs, what is finished, and the signatures of plaintext mode.
//!
//! | key, after the app | type | value |
//! |---|---|---|
//! | `:push:ID` | string | `r` and the owner while the handler runs; then `f` and the reply |
//! | `:signature:DIGEST` | string | a digest of the body that the signature was seen with |

use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, cmd};

use super::script::{RELEASE, Script, millis};
use super::store::RedisStore;
use crate::callback::Reply;
use crate::callback::dedup::{Claimed, DedupStore, PushKey, UnsignedBody};
use crate::store::{Owner, StoreError};

const RUNNING: u8 = b'r';
const FINISHED: u8 = b'f';

/// Returns the record of a push that is running elsewhere or finished, `x` if the signature has
/// another body, or nothing if the claim is granted. What was set before does not outlive an `x`.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local record = redis.call('GET', KEYS[1]) \
         if KEYS[2] and not redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4]) \
           and redis.call('GET', KEYS[2]) ~= ARGV[3] then \
           if record == ARGV[1] then redis.call('DEL', KEYS[1]) end \
           return 'x' \
         end \
         if record and record ~= ARGV[1] then return record end \
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
         return false",
    )
});

/// Replaces the claim of an owner, unless another has the push.
static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local record = redis.call('GET', KEYS[1]) \
         if record and record ~= ARGV[1] then return 0 end \
         redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) \
         return 1",
    )
});

static REMEMBER: LazyLock<Script> = LazyLock::new(|| {
    Script::new("redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') return 1")
});

fn running(owner: &Owner) -> String {
    format!("{}{owner}", char::from(RUNNING))
}

/// Sets a key that does not exist.
fn set_new(name: &str, value: &str, life: Duration) -> Cmd {
    let mut set = cmd("SET");
    set.arg(name).arg(value).arg("NX");
    set.arg("PX").arg(millis(life));
    set
}

impl RedisStore {
    fn push_name(&self, push: &PushKey) -> String {
        let id = self.sealing().name("push", &push.dedup.to_string());
        self.name(push.appid.as_str(), format_args!("push:{id}"))
    }

    fn signature_name(&self, push: &PushKey, unsigned: &UnsignedBody) -> String {
        let digest = format!("{:032x}", unsigned.signature);
        let id = self.sealing().name("signature", &digest);
        self.name(push.appid.as_str(), format_args!("signature:{id}"))
    }

    /// Returns how a body is compared in Redis. Without the key, nobody can guess the body.
    fn body(&self, unsigned: &UnsignedBody) -> String {
        let digest = format!("{:032x}", unsigned.body);
        self.sealing().name("body", &digest)
    }

    async fn replace_push(
        &self,
        name: &str,
        owner: &Owner,
        record: &[u8],
        life: Duration,
    ) -> Result<bool, StoreError> {
        let mut script = REPLACE.key(name);
        script.arg(running(owner)).arg(record).arg(millis(life));
        self.run(name, script).await
    }
}

impl DedupStore for RedisStore {
    fn is_available(&self) -> bool {
        self.0.is_available()
    }

    async fn claim(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<Claimed, StoreError> {
        let name = self.push_name(push);
        let record = running(owner);
        let unsigned = push.unsigned.as_ref().map(|unsigned| {
            let name = self.signature_name(push, unsigned);
            (name, self.body(unsigned), unsigned.life)
        });
        // Nearly every push is new, and plain commands take the server half as long as a script.
        let mut sets = redis::pipe();
        sets.add_command(set_new(&name, &record, life));
        if let Some((name, body, life)) = &unsigned {
            sets.add_command(set_new(name, body, *life));
        }
        let set = |mut connection| async move { sets.query_async(&mut connection).await };
        let set: Vec<Option<()>> = self.0.run(&name, set).await?;
        if set.iter().all(Option::is_some) {
            return Ok(Claimed::Granted);
        }
        let keys = unsigned.iter().map(|(name, ..)| name.as_str());
        let keys: Vec<_> = [name.as_str()].into_iter().chain(keys).collect();
        let mut script = CLAIM.keys(keys);
        script.arg(&record).arg(millis(life));
        if let Some((_, body, life)) = &unsigned {
            script.arg(body).arg(millis(*life));
        }
        let record: Option<Vec<u8>> = self.run(&name, script).await?;
        let Some(record) = record else {
            return Ok(Claimed::Granted);
        };
        Ok(match record.split_first() {
            Some((&RUNNING, _)) => Claimed::Running,
            Some((&FINISHED, sealed)) => {
                let reply = self.sealing().open(&name, sealed);
                let reply = reply.and_then(|reply| serde_json::from_slice(&reply).ok());
                // A reply that cannot be read is no proof that the push was handled.
                reply.map_or(Claimed::Granted, Claimed::Finished)
            }
            _ => Claimed::Replayed,
        })
    }

    async fn renew(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<bool, StoreError> {
        let (name, record) = (self.push_name(push), running(owner));
        self.replace_push(&name, owner, record.as_bytes(), life)
            .await
    }

    async fn finish(
        &self,
        push: &PushKey,
        owner: &Owner,
        reply: &Reply,
        life: Duration,
    ) -> Result<(), StoreError> {
        let reply = serde_json::to_vec(reply).map_err(StoreError::new)?;
        let name = self.push_name(push);
        let sealed = self.sealing().close(&name, &reply);
        let record = [&[FINISHED], &sealed[..]].concat();
        let finished = self.replace_push(&name, owner, &record, life);
        finished.await.map(|_| ())
    }

    async fn release(&self, push: &PushKey, owner: &Owner) -> Result<(), StoreError> {
        let name = self.push_name(push);
        let mut script = RELEASE.key(&name);
        script.arg(running(owner));
        self.run(&name, script).await
    }

    async fn remember(&self, push: &PushKey) -> Result<(), StoreError> {
        let Some(unsigned) = &push.unsigned else {
            return Ok(());
        };
        let name = self.signature_name(push, unsigned);
        let mut script = REMEMBER.key(&name);
        script.arg(self.body(unsigned)).arg(millis(unsigned.life));
        self.run(&name, script).await
    }
}
