//! Measures a cached access token against the cache alone, and the overhead of a token in a handler
//! and in a call.
//!
//! Run with `cargo bench --bench token`.
#![allow(missing_docs, clippy::unwrap_used)]

mod fixture;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use http::Response;
use tower::{Layer, Service};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::callback::Mode;
use tower_wechat::{Body, TokenLayer};

use fixture::document::Document;
use fixture::parts::collecting;
use fixture::platform::{by_hand, request, transport, wechat};
use fixture::tasks::{TASKS, cache, read, read_cache, read_tokens, two_threads};
use fixture::{APPID, now, send};

/// Reports the time of one thread.
fn hit(criterion: &mut Criterion) {
    let runtime = two_threads();
    let tokens = wechat().tokens();
    let cache = runtime.block_on(async {
        tokens.get(APPID).await.unwrap();
        cache().await
    });
    for tasks in TASKS {
        let mut group = criterion.benchmark_group(format!("token_hit/{tasks}"));
        group.bench_function("moka", |bencher| {
            bencher.iter_custom(|times| read(&runtime, tasks, times, &cache, read_cache));
        });
        group.bench_function("tokens", |bencher| {
            bencher.iter_custom(|times| read(&runtime, tasks, times, &tokens, read_tokens));
        });
        group.finish();
    }
}

fn layer(criterion: &mut Criterion) {
    let push = Document::Text(400).push(Mode::Plaintext);
    let mut bare = collecting();
    let mut layered = TokenLayer::new(wechat().tokens()).layer(collecting());
    let mut group = criterion.benchmark_group("token_layer");
    group.bench_function("bare", |b| {
        b.iter(|| -> Response<Body> { now(send(&mut bare, &push)) })
    });
    group.bench_function("layered", |b| b.iter(|| now(send(&mut layered, &push))));
    group.finish();
}

fn call(criterion: &mut Criterion) {
    let runtime = two_threads();
    let _guard = runtime.enter();
    let wechat = wechat();
    let app = wechat.app(APPID).unwrap();
    runtime.block_on(app.token()).unwrap();
    let mut bare = transport();
    let mut group = criterion.benchmark_group("call");
    group.bench_function("transport", |b| {
        b.iter(|| now(bare.call(request())).unwrap());
    });
    group.bench_function("by_hand", |b| {
        b.iter(|| by_hand(&mut bare));
    });
    group.bench_function("app", |b| {
        b.iter(|| now(app.call(GetCallbackIp::new())).unwrap());
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
    targets = hit, layer, call
}
criterion_main!(benches);
