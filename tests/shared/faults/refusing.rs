//! Redis answers, and refuses to write.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::bed::Bed;
use crate::server::{Server, is_redis_6};

const WHILE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_full_server_is_an_outage() {
    let full = ["--maxmemory", "8mb", "--maxmemory-policy", "noeviction"];
    let Some(server) = Server::with(&full) else {
        return;
    };
    let bed = Bed::new(server.store());
    bed.call().await;
    let fill = "for i = 1, 100 do redis.call('SET', 'fill' .. i, string.rep('x', 1000000)) end";
    server.cli(&["EVAL", fill, "0"]);
    assert!(server.cli(&["SET", "a", "b"]).contains("OOM"));
    server.cli(&["DEL", "wechat:{wx3cc8fd6963e31a32}:token:stable"]);
    bed.calls_for(WHILE).await.waited_once();
    server.cli(&["FLUSHALL", "SYNC"]);
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    bed.recovers().await;
    bed.opened_and_closed_once();
}

#[tokio::test]
async fn a_replica_is_an_outage() {
    let (Some(server), Some(other)) = (Server::start(), Server::start()) else {
        return;
    };
    let bed = Bed::new(server.store());
    bed.call().await;
    server.cli(&["REPLICAOF", "127.0.0.1", &other.port.to_string()]);
    // It takes the data of the other, which has no token.
    let began = Instant::now();
    while !server
        .cli(&["INFO", "replication"])
        .contains("master_link_status:up")
    {
        assert!(began.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(20)).await;
    }
    bed.calls_for(WHILE).await.waited_once();
    server.cli(&["REPLICAOF", "NO", "ONE"]);
    bed.recovers().await;
    bed.opened_and_closed_once();
}

#[tokio::test]
async fn a_server_that_loads_its_data_is_an_outage() {
    let Some(mut server) = Server::start() else {
        return;
    };
    if is_redis_6() {
        return; // without the option that delays loading
    }
    server.cli(&["DEBUG", "POPULATE", "1500"]);
    server.cli(&["SAVE"]);
    let bed = Bed::new(server.store());
    bed.call().await;
    // 1500 keys take three seconds.
    let delay = [
        "--key-load-delay",
        "2000",
        "--loading-process-events-interval-bytes",
        "1024",
    ];
    server.restart_with(&delay);
    bed.calls_for(WHILE).await.waited_once();
    bed.recovers_within(Duration::from_secs(12)).await;
    bed.opened_and_closed_once();
}
