//! Runtimes that stop while others go on, and stores that are dropped.

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use super::bed::Bed;
use super::log::Change;
use crate::server::Server;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_runtime_that_stops_is_no_outage_for_another() {
    let Some(server) = Server::start() else {
        return;
    };
    let bed = Bed::new(server.store());
    for _ in 0..5 {
        let runtime = runtime();
        assert!(runtime.block_on(bed.asks()));
        runtime.block_on(bed.call());
    }
    bed.changed(&[]);
}

#[test]
fn an_outage_goes_on_for_another_runtime() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let bed = Bed::new(server.store());
    server.kill();
    for _ in 0..5 {
        let runtime = runtime();
        let began = Instant::now();
        assert!(!runtime.block_on(bed.asks()));
        assert!(began.elapsed() < Duration::from_millis(1000));
    }
    server.restart();
    runtime().block_on(bed.recovers());
    bed.opened_and_closed_once();
}

#[test]
fn a_runtime_that_is_no_longer_polled_is_replaced() {
    let Some(server) = Server::start() else {
        return;
    };
    let bed = Bed::new(server.store());
    let idle = runtime();
    assert!(idle.block_on(bed.asks()));
    let other = runtime();
    assert!(!other.block_on(bed.asks()));
    other.block_on(bed.recovers_within(Duration::from_secs(20)));
    other.block_on(bed.call());
    assert_eq!(bed.log.changes(), [Change::Down, Change::Up]);
    drop(idle);
    assert!(other.block_on(bed.asks()));
    assert_eq!(bed.log.changes(), [Change::Down, Change::Up]);
}

#[tokio::test]
async fn a_dropped_store_leaves_no_connection() {
    let Some(server) = Server::start() else {
        return;
    };
    let connections = || {
        server
            .cli(&["CLIENT", "LIST", "TYPE", "normal"])
            .lines()
            .count()
            - 1
    };
    let bed = Bed::new(server.store());
    bed.call().await;
    assert_eq!(connections(), 1);
    drop(bed);
    let began = Instant::now();
    while connections() > 0 {
        assert!(began.elapsed() < Duration::from_secs(3));
        sleep(Duration::from_millis(20)).await;
    }
}
