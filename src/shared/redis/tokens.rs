//! Tokens: a record, a lease and its fence, the rejected tokens, and the budgets.
//!
//! | key, after the app | type | value |
//! |---|---|---|
//! | `:token:KIND` | string | a digest of the token, and the token; it expires with the token |
//! | `:token:KIND:lease` | string | the owner |
//! | `:token:KIND:fence` | number | the leases so far |
//! | `:token:KIND:retired:DIGEST` | string | marks a rejected token for the rest of its life |
//! | `:token:KIND:forced` | list | the times of forced refreshes |
//! | `:token:KIND:fetches:SECONDS` | number | the fetches of a span |

use std::sync::LazyLock;
use std::time::Duration;

use super::script::{RELEASE, Script, millis};
use super::store::RedisStore;
use crate::secret::Secret;
use crate::store::{Owner, StoreError};
use crate::token::budget::{FORCED_A_DAY, FORCED_APART};
use crate::token::{Fence, Issued, Lease, TokenKey, TokenKind, TokenStore};

/// How long a rejected token is remembered if its remaining life is not known. The platform's
/// tokens live two hours.
const RETIRED: Duration = Duration::from_secs(7500);

/// How long a fence is kept without a lease. A holder cannot be paused for longer and go on.
const FENCE: Duration = Duration::from_secs(24 * 3600);

const DIGEST_LEN: usize = 32;

static LOAD: LazyLock<Script> = LazyLock::new(|| {
    Script::new("return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}")
});

static SAVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end \
         local fence = redis.call('GET', KEYS[2]) \
         if fence and tonumber(fence) > tonumber(ARGV[3]) then return 0 end \
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
         return 1",
    )
});

static EVICT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local record = redis.call('GET', KEYS[1]) \
         local life = tonumber(ARGV[2]) \
         if record and string.sub(record, 1, #ARGV[1]) == ARGV[1] then \
           local left = redis.call('PTTL', KEYS[1]) \
           if left > 0 then life = left end \
           redis.call('DEL', KEYS[1]) \
         end \
         redis.call('SET', KEYS[2], 1, 'PX', life) \
         return 1",
    )
});

static LEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local holder = redis.call('GET', KEYS[1]) \
         if holder and holder ~= ARGV[1] then return 0 end \
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
         local fence = redis.call('INCR', KEYS[2]) \
         redis.call('PEXPIRE', KEYS[2], ARGV[3]) \
         return fence",
    )
});

/// Extends what the owner holds.
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end \
         return redis.call('PEXPIRE', KEYS[1], ARGV[2])",
    )
});

/// Counts one in each span, unless one of them is full.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for i, key in ipairs(KEYS) do \
           local count = redis.call('GET', key) \
           if count and tonumber(count) >= tonumber(ARGV[2 * i]) then return 0 end \
         end \
         for i, key in ipairs(KEYS) do \
           if redis.call('INCR', key) == 1 then redis.call('PEXPIRE', key, ARGV[2 * i - 1]) end \
         end \
         return 1",
    )
});

/// Takes a forced refresh by the clock of the server, which all instances share.
static FORCE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local time = redis.call('TIME') \
         local now = time[1] * 1000 + math.floor(time[2] / 1000) \
         local first = redis.call('LINDEX', KEYS[1], 0) \
         while first and now - tonumber(first) >= 86400000 do \
           redis.call('LPOP', KEYS[1]) \
           first = redis.call('LINDEX', KEYS[1], 0) \
         end \
         local last = redis.call('LINDEX', KEYS[1], -1) \
         if last and now - tonumber(last) < tonumber(ARGV[2]) then return 0 end \
         if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end \
         redis.call('RPUSH', KEYS[1], now) \
         redis.call('PEXPIRE', KEYS[1], 86400000) \
         return 1",
    )
});

impl RedisStore {
    fn token_name(&self, key: &TokenKey, part: &str) -> String {
        let kind = match key.kind {
            TokenKind::StableAccessToken => "stable",
            TokenKind::AccessToken => "classic",
            TokenKind::JsapiTicket => "jsapi",
            TokenKind::WxCardTicket => "card",
        };
        self.name(key.appid.as_str(), format_args!("token:{kind}{part}"))
    }

    fn retired_name(&self, key: &TokenKey, digest: &str) -> String {
        self.token_name(key, &format!(":retired:{digest}"))
    }

    async fn save_token(
        &self,
        key: &TokenKey,
        token: &Issued,
        fence: Fence,
    ) -> Result<bool, StoreError> {
        let name = self.token_name(key, "");
        let digest = self.sealing().digest(token.secret.expose());
        let sealed = self
            .sealing()
            .close(&name, token.secret.expose().as_bytes());
        let record = [digest.as_bytes(), &sealed].concat();
        let (fenced, retired) = (
            self.token_name(key, ":fence"),
            self.retired_name(key, &digest),
        );
        let mut script = SAVE.keys([&*name, &*fenced, &*retired]);
        script
            .arg(record)
            .arg(millis(token.expires_in))
            .arg(fence.get());
        self.run(&name, script).await
    }
}

impl TokenStore for RedisStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<Issued>, StoreError> {
        let name = self.token_name(key, "");
        let (record, left): (Option<Vec<u8>>, i64) = self.run(&name, LOAD.key(&name)).await?;
        Ok(record.and_then(|record| {
            let sealed = record.get(DIGEST_LEN..)?;
            let token = String::from_utf8(self.sealing().open(&name, sealed)?).ok()?;
            let left = Duration::from_millis(u64::try_from(left).ok()?);
            Some(Issued::new(token, left))
        }))
    }

    async fn save(&self, key: &TokenKey, token: &Issued) -> Result<(), StoreError> {
        let saved = self.save_token(key, token, Fence::new(u64::MAX >> 12));
        saved.await.map(|_| ())
    }

    async fn save_fenced(
        &self,
        key: &TokenKey,
        token: &Issued,
        fence: Fence,
    ) -> Result<bool, StoreError> {
        self.save_token(key, token, fence).await
    }

    async fn evict(&self, key: &TokenKey, used: &Secret) -> Result<(), StoreError> {
        let name = self.token_name(key, "");
        let digest = self.sealing().digest(used.expose());
        let mut script = EVICT.keys([&*name, &*self.retired_name(key, &digest)]);
        script.arg(digest).arg(millis(RETIRED));
        self.run(&name, script).await
    }

    async fn lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<Lease, StoreError> {
        let name = self.token_name(key, ":lease");
        let mut script = LEASE.keys([&*name, &*self.token_name(key, ":fence")]);
        script
            .arg(owner.to_string())
            .arg(millis(life))
            .arg(millis(FENCE));
        Ok(match self.run(&name, script).await? {
            0 => Lease::Held,
            fence => Lease::Granted(Fence::new(fence)),
        })
    }

    async fn renew_lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<bool, StoreError> {
        let name = self.token_name(key, ":lease");
        let mut script = RENEW.key(&name);
        script.arg(owner.to_string()).arg(millis(life));
        self.run(&name, script).await
    }

    async fn release_lease(&self, key: &TokenKey, owner: &Owner) -> Result<(), StoreError> {
        let name = self.token_name(key, ":lease");
        let mut script = RELEASE.key(&name);
        script.arg(owner.to_string());
        self.run(&name, script).await
    }

    async fn take_fetch(&self, key: &TokenKey) -> Result<bool, StoreError> {
        let spans = key.kind.fetches();
        let names: Vec<_> = spans
            .iter()
            .map(|(length, _)| self.token_name(key, &format!(":fetches:{}", length.as_secs())))
            .collect();
        let Some(name) = names.first() else {
            return Ok(true);
        };
        let mut script = COUNT.keys(names.iter().map(String::as_str));
        for (length, max) in spans {
            script.arg(millis(*length)).arg(*max);
        }
        self.run(name, script).await
    }

    async fn take_forced_refresh(&self, key: &TokenKey) -> Result<bool, StoreError> {
        let name = self.token_name(key, ":forced");
        let mut script = FORCE.key(&name);
        script.arg(FORCED_A_DAY).arg(millis(FORCED_APART));
        self.run(&name, script).await
    }
}
