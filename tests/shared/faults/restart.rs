//! Redis is killed, restarted empty, flushed, or there only later.

use std::thread::sleep;
use std::time::Duration;

use super::bed::{Bed, STABLE};
use crate::server::Server;

#[tokio::test]
async fn a_killed_server_is_used_again_when_it_is_back() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let bed = Bed::new(server.store());
    bed.call().await;
    bed.changed(&[]);
    let restart = move || {
        server.kill();
        sleep(Duration::from_secs(1));
        server.restart();
        server
    };
    let (calls, _server) = bed.calls_while(restart).await;
    calls.waited_once();
    bed.recovers().await;
    bed.call().await;
    bed.opened_and_closed_once();
}

#[tokio::test]
async fn a_server_that_comes_later_is_used_then() {
    let Some(mut server) = Server::start() else {
        return;
    };
    server.kill();
    let bed = Bed::new(server.store());
    bed.calls_for(Duration::from_secs(1)).await.waited_once();
    server.restart();
    bed.recovers().await;
    bed.opened_and_closed_once();
    // It is empty: one call stores its token, and the others find it.
    bed.call().await;
    let fetches = bed.sandbox.calls(STABLE);
    for _ in 0..5 {
        bed.call().await;
    }
    assert_eq!(bed.sandbox.calls(STABLE), fetches);
}

#[tokio::test]
async fn a_flush_costs_one_fetch() {
    let Some(server) = Server::start() else {
        return;
    };
    let bed = Bed::new(server.store());
    for round in 1..4 {
        for _ in 0..5 {
            bed.call().await;
        }
        assert_eq!(bed.sandbox.calls(STABLE), round);
        server.cli(&["FLUSHALL"]);
        server.cli(&["SCRIPT", "FLUSH"]);
    }
    bed.changed(&[]);
}
