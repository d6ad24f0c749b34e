//! What a push costs from request to response, against a service that only collects the body.
//!
//! Run with `cargo bench --bench callback`.
#![allow(missing_docs, clippy::unwrap_used)]

mod fixture;

use std::convert::Infallible;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Service, service_fn};
use tower_wechat::Body;
use tower_wechat::callback::Mode;

use fixture::{Push, answering, callback, quiet, send, text};

fn push(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut group = criterion.benchmark_group("push");
    let document = text(400, 25_000_000_000_000_001);
    let (clear, sealed) = (
        Push::new(Mode::Plaintext, &document, "n1"),
        Push::new(Mode::Secure, &document, "n1"),
    );

    fn bench<S>(
        group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
        runtime: &tokio::runtime::Runtime,
        (name, status): (&str, StatusCode),
        mut service: S,
        push: &Push,
    ) where
        S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible>,
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let response = runtime.block_on(send(&mut service, push));
                assert_eq!(response.status(), status);
                response
            });
        });
    }
    let taken = |name| (name, StatusCode::OK);

    let collect = service_fn(|request: Request<Full<Bytes>>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert!(!body.is_empty());
        Ok::<_, Infallible>(Response::new(Body::from("success")))
    });
    bench(&mut group, &runtime, taken("collect_only"), collect, &clear);
    let service = callback(Mode::Plaintext, quiet());
    let refused = ("forged", StatusCode::FORBIDDEN);
    bench(
        &mut group,
        &runtime,
        refused,
        service.clone(),
        &clear.forged(),
    );
    bench(&mut group, &runtime, taken("plaintext"), service, &clear);
    let service = callback(Mode::Plaintext, answering());
    bench(
        &mut group,
        &runtime,
        taken("plaintext_reply"),
        service,
        &clear,
    );
    let service = callback(Mode::Secure, quiet());
    bench(&mut group, &runtime, taken("secure"), service, &sealed);
    let service = callback(Mode::Secure, answering());
    bench(
        &mut group,
        &runtime,
        taken("secure_reply"),
        service,
        &sealed,
    );
    group.finish();
}

criterion_group!(benches, push);
criterion_main!(benches);
