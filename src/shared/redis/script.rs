//! Scripts, which run atomically on the keys of one slot.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use redis::{Arg, Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, ToRedisArgs, cmd};
use sha1::{Digest, Sha1};

use super::connect::Connection;
use crate::hex;

/// How much room a command has for arguments without growing.
const ARGS: usize = 4;
const BYTES: usize = 256;

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

    /// Starts a call on one key.
    pub(super) fn key(&self, key: &str) -> Invocation<'_> {
        self.keys([key])
    }

    /// Starts a call on keys in one slot.
    pub(super) fn keys<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k str, IntoIter: ExactSizeIterator>,
    ) -> Invocation<'_> {
        let keys = keys.into_iter();
        let mut command = Cmd::with_capacity(3 + keys.len() + ARGS, BYTES);
        command.arg("EVALSHA").arg(&self.hash).arg(keys.len());
        for key in keys {
            command.arg(key);
        }
        Invocation {
            script: self,
            command,
        }
    }
}

/// A call of a script.
pub(super) struct Invocation<'a> {
    script: &'a Script,
    command: Cmd,
}

impl Invocation<'_> {
    /// Adds an argument.
    pub(super) fn arg(&mut self, arg: impl ToRedisArgs) -> &mut Self {
        self.command.arg(arg);
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
        match self.command.query_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.by_text().query_async(&mut connection).await
            }
            result => result,
        }
    }

    fn by_text(&self) -> Cmd {
        let mut command = cmd("EVAL");
        command.arg(&self.script.code);
        for arg in self.command.args_iter().skip(2) {
            if let Arg::Simple(arg) = arg {
                command.arg(arg);
            }
        }
        command
    }
}

/// Returns a time in whole milliseconds, at least one.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
