//! The network between an instance and Redis fails.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tower_wechat::shared::redis::RedisStore;

use super::bed::{Bed, DEADLINE, within};
use super::log::Change;
use super::proxy::{Mode, Proxy, Unreachable};
use crate::server::Server;

const WHILE: Duration = Duration::from_secs(1);

/// An idle connection is used every five seconds.
const BEATS: Duration = Duration::from_secs(8);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn through(proxy: &Proxy) -> RedisStore {
    RedisStore::new(&proxy.url()).unwrap()
}

/// redis-rs#275.
#[tokio::test]
async fn a_connection_that_dies_silently_costs_one_deadline() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::new(server.port);
    let bed = Bed::new(through(&proxy));
    bed.call().await;
    proxy.set(Mode::Swallow);
    bed.calls_for(2 * WHILE).await.waited_once();
    proxy.set(Mode::Pass);
    bed.recovers().await;
    bed.opened_and_closed_once();
}

#[tokio::test]
async fn an_idle_connection_that_died_is_replaced_before_it_is_needed() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::new(server.port);
    let bed = Bed::new(through(&proxy));
    bed.call().await;
    proxy.lose_connections().await;
    sleep(BEATS).await;
    within(bed.call().await, ms(0));
    bed.changed(&[]);
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_replaced_before_it_is_needed() {
    let Some(server) = Server::start() else {
        return;
    };
    let bed = Bed::new(server.store());
    bed.call().await;
    server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    sleep(BEATS).await;
    within(bed.call().await, ms(0));
    bed.changed(&[]);
}

#[tokio::test]
async fn a_connection_that_never_completes_costs_one_deadline() {
    let nowhere = Unreachable::new().await;
    let bed = Bed::new(RedisStore::new(&format!("redis://127.0.0.1:{}", nowhere.port)).unwrap());
    bed.calls_for(3 * WHILE).await.waited_once();
    bed.changed(&[Change::Down]);
}

#[tokio::test]
async fn a_server_that_never_greets_costs_one_deadline() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::new(server.port);
    proxy.set(Mode::Swallow);
    let bed = Bed::new(through(&proxy));
    bed.calls_for(3 * WHILE).await.waited_once();
    proxy.set(Mode::Pass);
    bed.recovers().await;
    bed.opened_and_closed_once();
}

/// redis-rs#1442.
#[tokio::test]
async fn the_limit_to_connect_ends_no_command() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::new(server.port);
    let store = through(&proxy)
        .connect_timeout(ms(100))
        .command_timeout(ms(2000));
    let bed = Bed::new(store);
    // It does end the wait for a connection.
    proxy.set(Mode::Swallow);
    let began = Instant::now();
    assert!(!bed.asks().await);
    within(began.elapsed(), ms(100));
    proxy.set(Mode::Pass);
    bed.recovers().await;
    server.cli(&["CLIENT", "PAUSE", "1200", "ALL"]);
    let began = Instant::now();
    assert!(bed.asks().await);
    assert!(began.elapsed() > ms(800), "{:?}", began.elapsed());
    bed.opened_and_closed_once();
}

#[tokio::test]
async fn the_limit_of_a_command_ends_no_attempt_to_connect() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::new(server.port);
    let store = through(&proxy)
        .connect_timeout(ms(3000))
        .command_timeout(ms(100));
    let bed = Bed::new(store);
    proxy.set(Mode::SlowStart(ms(1000)));
    let began = Instant::now();
    assert!(!bed.asks().await);
    within(began.elapsed(), ms(100));
    bed.recovers().await;
    bed.opened_and_closed_once();
}

/// redis-rs#1446.
#[tokio::test]
async fn a_closed_connection_is_reported_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::new(server.port);
    let bed = Bed::new(through(&proxy));
    bed.call().await;
    proxy.set(Mode::Close);
    bed.calls_for(WHILE).await.waited_once();
    proxy.set(Mode::Pass);
    bed.recovers().await;
    for _ in 0..50 {
        assert!(bed.asks().await);
    }
    bed.opened_and_closed_once();
}

#[tokio::test]
async fn a_slow_network_is_no_outage_until_it_exceeds_the_deadline() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::new(server.port);
    let bed = Bed::new(through(&proxy));
    proxy.set(Mode::Delay(ms(20)));
    bed.call().await;
    bed.calls_for(WHILE).await;
    bed.changed(&[]);
    proxy.set(Mode::Delay(ms(400)));
    let calls = bed.calls_for(2 * WHILE).await;
    calls.waited_once();
    proxy.set(Mode::Pass);
    bed.recovers().await;
    bed.opened_and_closed_once();
}

/// Tokens are given up after a second, before the deadline of this store.
#[tokio::test]
async fn a_caller_with_less_patience_than_the_store_opens_the_circuit_too() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::new(server.port);
    let bed = Bed::new(through(&proxy).command_timeout(ms(1500)));
    bed.call().await;
    proxy.set(Mode::Swallow);
    // One command waits for a second, and the next until the deadline of the first or for a second.
    within(bed.call().await, ms(2000));
    let began = Instant::now();
    while bed.log.changes().is_empty() {
        bed.call().await;
        assert!(began.elapsed() < ms(5000), "{}", bed.log.text());
    }
    let calls = bed.calls_for(WHILE).await;
    assert!(calls.slowest < DEADLINE, "{calls:?}");
    assert_eq!(bed.log.changes(), [Change::Down]);
}
