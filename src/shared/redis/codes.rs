//! Codes of web OAuth, and the users who signed in with them.
//!
//! | key | type | value |
//! |---|---|---|
//! | `{KEY}:code` | string | `r` and the owner while one instance exchanges the code, then `f` and the record |

use std::sync::LazyLock;
use std::time::Duration;

use super::script::{RELEASE, Script, millis};
use super::store::RedisStore;
use crate::oauth::{CodeClaim, CodeKey, CodeRecord, CodeStore};
use crate::store::{Owner, StoreError};

/// Returns what is stored, or nothing if the claim is granted.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local found = redis.call('GET', KEYS[1]) \
         if found and found ~= ARGV[1] then return found end \
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
         return false",
    )
});

static GET: LazyLock<Script> = LazyLock::new(|| Script::new("return redis.call('GET', KEYS[1])"));

static SET: LazyLock<Script> =
    LazyLock::new(|| Script::new("return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])"));

impl RedisStore {
    fn code_name(&self, key: &CodeKey) -> String {
        self.name(&self.sealing().name("code", &key.to_string()), "code")
    }

    /// Returns the record, or `None` for a claim and for what cannot be opened.
    fn code_record(&self, name: &str, stored: &[u8]) -> Option<CodeRecord> {
        let record = self.sealing().open(name, stored.strip_prefix(b"f")?)?;
        CodeRecord::from_bytes(&record).ok()
    }
}

impl CodeStore for RedisStore {
    async fn load(&self, key: &CodeKey) -> Result<Option<CodeRecord>, StoreError> {
        let name = self.code_name(key);
        let stored: Option<Vec<u8>> = self.run(&name, GET.key(&name)).await?;
        Ok(stored.and_then(|stored| self.code_record(&name, &stored)))
    }

    async fn claim(
        &self,
        key: &CodeKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<CodeClaim, StoreError> {
        let name = self.code_name(key);
        let mut script = CLAIM.key(&name);
        script.arg(claim(owner)).arg(millis(life));
        let Some(stored) = self.run::<Option<Vec<u8>>>(&name, script).await? else {
            return Ok(CodeClaim::Granted);
        };
        if stored.starts_with(b"r") {
            return Ok(CodeClaim::Running);
        }
        Ok(match self.code_record(&name, &stored) {
            Some(record) => CodeClaim::Finished(record),
            // It was sealed with another key: the work is done again, and replaces it.
            None => CodeClaim::Granted,
        })
    }

    async fn finish(
        &self,
        key: &CodeKey,
        record: &CodeRecord,
        life: Duration,
    ) -> Result<(), StoreError> {
        let name = self.code_name(key);
        let sealed = self.sealing().close(&name, &record.to_bytes());
        let mut script = SET.key(&name);
        script.arg([b"f", &sealed[..]].concat()).arg(millis(life));
        self.run(&name, script).await
    }

    async fn release(&self, key: &CodeKey, owner: &Owner) -> Result<(), StoreError> {
        let name = self.code_name(key);
        let mut script = RELEASE.key(&name);
        script.arg(claim(owner));
        self.run(&name, script).await
    }
}

fn claim(owner: &Owner) -> String {
    format!("r{owner}")
}
