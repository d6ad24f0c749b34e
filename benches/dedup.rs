//! Measures `dedup` with a full store, against a cache with the same bounds.
//!
//! Run with `cargo bench --bench dedup`.
#![allow(missing_docs, clippy::unwrap_used)]

mod fixture;

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tower::Service;
use tower_wechat::SystemClock;

use fixture::document::fresh_number;
use fixture::now;
use fixture::remembered::{CAPACITY, cache, insert, message, remembering};

/// Times the layer from message to reply, and the cache for the insertion alone.
fn full(criterion: &mut Criterion) {
    let mut dedup = remembering(CAPACITY, 2 * CAPACITY, SystemClock::default());
    let cache = cache(Duration::from_secs(60), 2 * CAPACITY);
    let known = message();
    let mut group = criterion.benchmark_group("dedup/full");
    group.bench_function("moka_insert", |b| {
        b.iter_batched(
            fresh_number,
            |key| insert(&cache, key),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("fresh", |b| {
        let run = |message| now(dedup.call(message)).unwrap();
        b.iter_batched(message, run, BatchSize::SmallInput);
    });
    group.bench_function("again", |b| {
        b.iter(|| now(dedup.call(known.clone())).unwrap());
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500));
    targets = full
}
criterion_main!(benches);
