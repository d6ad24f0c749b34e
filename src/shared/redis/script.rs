//! Scripts, which run atomically on the keys of one slot.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, ToRedisArgs, cmd};
use sha1::{Digest, Sha1};

use super::connect::Connection;
use crate::hex;

/// Deletes a key if it has this value: what its owner holds.
pub(super) static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end \
         return redis.call('DEL', KEYS[1])",
    )
});

/// A script, and the hash by which the server knows it.
pub(super) struct Script {
    code: Cow<'static, str>,
    hash: String,
}

impl Script {
    pub(super) fn new(code: impl Into<Cow<'static, str>>) -> Self {
        let code = code.into();
        let hash = hex::first(&Sha1::digest(&*code), 40);
        Self { code, hash }
    }

    /// Starts a call with its first key.
    pub(super) fn key(&self, key: impl ToRedisArgs) -> Invocation<'_> {
        Invocation {
            script: self,
            keys: key.to_redis_args(),
            args: Vec::new(),
        }
    }
}

/// A call of a script.
pub(super) struct Invocation<'a> {
    script: &'a Script,
    keys: Vec<Vec<u8>>,
    args: Vec<Vec<u8>>,
}

impl Invocation<'_> {
    /// Adds a key.
    pub(super) fn key(&mut self, key: impl ToRedisArgs) -> &mut Self {
        key.write_redis_args(&mut self.keys);
        self
    }

    /// Adds an argument.
    pub(super) fn arg(&mut self, arg: impl ToRedisArgs) -> &mut Self {
        arg.write_redis_args(&mut self.args);
        self
    }

    /// Runs the script by its hash, or by its text on a server that does not know it, such as one
    /// that was restarted.
    ///
    /// The client's own fallback loads the script on all masters of a cluster, which fails while one
    /// of them is down.
    pub(super) async fn invoke<T: FromRedisValue>(
        &self,
        mut connection: Connection,
    ) -> RedisResult<T> {
        let known = self.command("EVALSHA", &self.script.hash);
        match known.query_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let unknown = self.command("EVAL", &self.script.code);
                unknown.query_async(&mut connection).await
            }
            result => result,
        }
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = cmd(name);
        command
            .arg(script)
            .arg(self.keys.len())
            .arg(&self.keys)
            .arg(&self.args);
        command
    }
}

/// Returns a time in whole milliseconds, at least one.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
