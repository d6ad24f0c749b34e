//! Probes: small writes that show whether the server serves scripts that write.

use std::sync::LazyLock;

use redis::RedisResult;

use super::connect::Connection;
use super::script::Script;

/// How long the key of a probe lives, in milliseconds.
const LIFE: usize = 1000;

static PROBE: LazyLock<Script> =
    LazyLock::new(|| Script::new("redis.call('SET', KEYS[1], 1, 'PX', ARGV[1]) return 1"));

/// Writes a probe.
pub(super) async fn write(connection: Connection, key: &str) -> RedisResult<()> {
    let mut script = PROBE.key(key);
    script.arg(LIFE);
    script.invoke::<i64>(connection).await.map(drop)
}

/// Uses all connections of a cluster.
pub(super) async fn touch(connection: Connection) -> RedisResult<()> {
    match connection {
        Connection::Single(_) => Ok(()),
        Connection::Cluster(mut nodes) => redis::cmd("PING").exec_async(&mut nodes).await,
    }
}
