//! What an access token costs when it is in the cache, against the cache alone.
//!
//! Run with `cargo bench --bench token`.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use moka::future::Cache;
use tower_wechat::sandbox::Sandbox;

fn hit(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let tokens = Sandbox::new().wechat().tokens();
    let cache: Cache<String, String> = Cache::new(1);
    runtime.block_on(async {
        tokens.get(Sandbox::APPID).await.unwrap();
        cache
            .insert(Sandbox::APPID.to_owned(), "token".to_owned())
            .await;
    });

    let mut group = criterion.benchmark_group("token_hit");
    group.bench_function("cache_alone", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| cache.get(Sandbox::APPID));
    });
    group.bench_function("tokens", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| tokens.get(Sandbox::APPID));
    });
    group.finish();
}

criterion_group!(benches, hit);
criterion_main!(benches);
