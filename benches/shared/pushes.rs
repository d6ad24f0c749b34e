//! What a shared memory of pushes adds to the latency of a new one.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use tower::Layer;
use tower_wechat::callback::Mode;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::shared::redis::RedisStore;

use super::row;
use super::server::Server;
use crate::fixture::document::Document;
use crate::fixture::tasks::two_threads;
use crate::fixture::{callback, quiet, send};
use crate::interleave::{Spread, is_smoke};

const TEXT: Document = Document::Text(400);

pub(crate) fn run(server: &Server) {
    let runtime = two_threads();
    for (name, mode) in [("secure", Mode::Secure), ("plaintext", Mode::Plaintext)] {
        // On a worker of the runtime, as in a server.
        let rounds = runtime.spawn(rounds(server.url(), server.store(), mode));
        let rounds = runtime.block_on(rounds).unwrap();
        let us = |of: fn(&Round) -> f64| {
            let median = Spread::of(rounds.iter().map(of).collect()).median;
            format!("{median:.1} µs")
        };
        row(
            (
                &format!("new push, {name}, added by shared dedup, p50"),
                &us(Round::added),
            ),
            ("PING, p50", &us(|round| round.ping)),
            Spread::of(rounds.iter().map(Round::ratio).collect()),
        );
    }
}

/// Medians in microseconds.
struct Round {
    shared: f64,
    alone: f64,
    ping: f64,
}

impl Round {
    fn added(&self) -> f64 {
        self.shared - self.alone
    }

    fn ratio(&self) -> f64 {
        self.added() / self.ping
    }
}

async fn rounds(url: String, store: RedisStore, mode: Mode) -> Vec<Round> {
    let (rounds, pushes) = if is_smoke() { (1, 1) } else { (25, 400) };
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut shared = callback(mode, DedupLayer::new().store(store).layer(quiet()));
    let mut alone = callback(mode, DedupLayer::new().layer(quiet()));
    let mut measured = Vec::new();
    for _ in 0..rounds {
        let [mut with, mut without, mut pings] = [const { Vec::new() }; 3];
        for _ in 0..pushes {
            let push = TEXT.push(mode);
            with.push(timed(async { drop(send(&mut shared, &push).await) }).await);
            // What is stored beside the answer ends before the next measurement.
            pinged(&mut connection).await;
            pinged(&mut connection).await;
            pings.push(pinged(&mut connection).await);
            let push = TEXT.push(mode);
            without.push(timed(async { drop(send(&mut alone, &push).await) }).await);
        }
        measured.push(Round {
            shared: median(&with),
            alone: median(&without),
            ping: median(&pings),
        });
    }
    measured
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

async fn pinged(connection: &mut MultiplexedConnection) -> Duration {
    timed(async { redis::cmd("PING").exec_async(connection).await.unwrap() }).await
}

/// Returns the median in microseconds.
fn median(taken: &[Duration]) -> f64 {
    let micros = taken.iter().map(|taken| taken.as_secs_f64() * 1e6);
    Spread::of(micros.collect()).median
}
