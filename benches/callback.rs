//! Measures a push from request to response, against a service that only collects the body and
//! against one that also runs the parts a callback cannot skip.
//!
//! Run with `cargo bench --bench callback`.
#![allow(missing_docs, clippy::unwrap_used)]

mod fixture;

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service};
use tower_wechat::callback::Mode;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::{Body, Callback, ManualClock};

use fixture::document::Document;
use fixture::parts::{collecting, collecting_parts};
use fixture::platform::wechat_of;
use fixture::{APPID, NOW, Push, answering, callback, keys, now, quiet, send};

const MODES: [(&str, Mode); 3] = [
    ("plaintext", Mode::Plaintext),
    ("compatible", Mode::Compatible),
    ("secure", Mode::Secure),
];

/// In compatible mode the body holds the longest document twice, once base64-encoded, which exceeds
/// the default limit.
const BODY_LIMIT: usize = 128 << 10;

struct Group<'a>(BenchmarkGroup<'a, WallTime>);

impl Group<'_> {
    /// Sends the same push in every iteration.
    fn again<S>(&mut self, name: &str, mut service: S, push: &Push, status: StatusCode)
    where
        S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible>,
    {
        self.0.bench_function(name, |bencher| {
            bencher.iter(|| {
                let response = now(send(&mut service, push));
                assert_eq!(response.status(), status);
                response
            });
        });
    }

    /// Sends a new push in every iteration.
    fn fresh<S>(&mut self, name: &str, mut service: S, make: impl Fn() -> Push)
    where
        S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible>,
    {
        self.0.bench_function(name, |bencher| {
            let send = |push: Push| {
                let response = now(send(&mut service, &push));
                assert_eq!(response.status(), StatusCode::OK);
                response
            };
            bencher.iter_batched(&make, send, BatchSize::SmallInput);
        });
    }
}

fn long<H>(callback: Callback<H>) -> Callback<H> {
    callback.body_limit(BODY_LIMIT)
}

fn taken(criterion: &mut Criterion) {
    for (mode_name, mode) in MODES {
        let apps = || [(APPID.to_owned(), Some(keys(mode)))];
        let wechat = wechat_of(apps(), ManualClock::at_unix(NOW));
        for (name, document) in Document::ALL {
            let group = criterion.benchmark_group(format!("callback/{mode_name}/{name}"));
            let (mut group, push) = (Group(group), document.push(mode));
            let make = || document.push(mode);
            let ok = StatusCode::OK;

            group.again("collect", collecting(), &push, ok);
            group.again("parts", collecting_parts(mode), &push, ok);

            let service = long(callback(mode, quiet()));
            group.again("callback_again", service.clone(), &push, ok);
            group.fresh("callback_fresh", service, make);
            let service = long(callback(mode, DedupLayer::new().layer(quiet())));
            group.again("dedup_again", service.clone(), &push, ok);
            group.fresh("dedup_fresh", service, make);

            let routes = wechat.routes().on_message_bare(quiet()).callbacks(long);
            group.again("routes_bare_again", routes.clone(), &push, ok);
            group.fresh("routes_bare_fresh", routes, make);
            let routes = wechat.routes().on_message(quiet()).callbacks(long);
            group.again("routes_again", routes.clone(), &push, ok);
            group.fresh("routes_fresh", routes, make);
            group.0.finish();
        }
    }
}

fn answered_and_refused(criterion: &mut Criterion) {
    for (mode_name, mode) in MODES {
        let group = criterion.benchmark_group(format!("callback/{mode_name}/answer"));
        let (mut group, push) = (Group(group), Document::Text(400).push(mode));
        let make = || Document::Text(400).push(mode);
        let service = callback(mode, quiet());
        group.fresh("success", service.clone(), make);
        group.again("copy", service.clone(), &push, StatusCode::OK);
        group.again("forged", service, &push.forged(), StatusCode::FORBIDDEN);
        let service = callback(mode, answering());
        group.fresh("text", service, make);
        group.0.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    targets = taken, answered_and_refused
}
criterion_main!(benches);
