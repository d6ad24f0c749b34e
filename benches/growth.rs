//! Measures the cost of a push as the number of apps, remembered messages and remembered signatures
//! grows, and the memory that they take.
//!
//! Run with `cargo bench --bench growth`.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod fixture;
mod interleave;

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service};
use tower_wechat::callback::Mode;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::{Body, ManualClock};

use fixture::document::Document;
use fixture::platform::wechat_of;
use fixture::remembered::{message, remembering};
use fixture::{NOW, Push, callback, keys, now, quiet, send};
use interleave::{Member, again, fresh, interleave, is_smoke};

const APPS: [usize; 3] = [1, 10, 100];
const REMEMBERED: [usize; 3] = [1_000, 100_000, 1_000_000];

fn main() {
    println!("| what grows | number | ns a push | against the smallest | p10 to p90 | |");
    println!("| --- | ---: | ---: | ---: | ---: | --- |");
    curve("apps in Routes", APPS, APPS.map(pushes_to));
    curve(
        "messages remembered",
        REMEMBERED,
        REMEMBERED.map(remembered),
    );

    curve("signatures remembered", REMEMBERED, REMEMBERED.map(signed));

    println!("\n| what is remembered | number | bytes each |");
    println!("| --- | ---: | ---: |");
    for number in REMEMBERED {
        bytes_each("messages", number, messages_held);
    }
    for number in REMEMBERED {
        bytes_each("signatures", number, signatures_held);
    }
}

fn curve<const N: usize>(name: &str, numbers: [usize; N], members: [Member<'_>; N]) {
    let rounds = interleave(members);
    for (at, number) in numbers.into_iter().enumerate() {
        let (ns, ratio) = (rounds.of(|ns| ns[at]), rounds.of(|ns| ns[at] / ns[0]));
        println!(
            "| {name} | {number} | {:.0} | {:.3} | {:.3} to {:.3} | {} |",
            ns.median,
            ratio.median,
            ratio.p10,
            ratio.p90,
            if ratio.is_noisy() {
                "noisy, run again"
            } else {
                ""
            }
        );
    }
}

fn taken<S>(service: &mut S, push: &Push)
where
    S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible>,
{
    assert_eq!(now(send(service, push)).status(), StatusCode::OK);
}

/// Sends repeated pushes to all apps in turn.
fn pushes_to(apps: usize) -> Member<'static> {
    let appids: Vec<_> = (0..apps).map(|app| format!("wx{app:016}")).collect();
    let with_keys = appids.iter().cloned();
    let with_keys = with_keys.map(|appid| (appid, Some(keys(Mode::Plaintext))));
    let wechat = wechat_of(with_keys, ManualClock::at_unix(NOW));
    let mut routes = wechat.routes().on_message(quiet());
    let pushes = appids.iter().map(|appid| {
        let Push { uri, body } = Document::Text(400).push(Mode::Plaintext);
        let uri = uri
            .to_string()
            .replace("/wxmsg", &format!("/wxmsg/{appid}"));
        let uri = uri.parse().unwrap();
        Push { uri, body }
    });
    let pushes: Vec<_> = pushes.collect();
    let mut turn = 0;
    again(move || {
        turn = (turn + 1) % pushes.len();
        taken(&mut routes, &pushes[turn]);
    })
}

/// Sends new pushes to a callback whose `dedup` store is full.
fn remembered(number: usize) -> Member<'static> {
    let filled = if is_smoke() { 10 } else { 2 * number };
    let dedup = remembering(number, filled, ManualClock::at_unix(NOW));
    let mut service = callback(Mode::Plaintext, dedup);
    fresh(
        || Document::Text(400).push(Mode::Plaintext),
        move |push| taken(&mut service, &push),
    )
}

/// Sends new pushes to a callback without layers whose signature memory is full.
fn signed(number: usize) -> Member<'static> {
    let filled = if is_smoke() { 10 } else { 2 * number };
    let mut service = callback(Mode::Plaintext, quiet()).replay_capacity(number);
    // Filled twice over, so that every measured push also evicts a signature.
    for _ in 0..filled {
        taken(&mut service, &Document::Text(400).push(Mode::Plaintext));
    }
    fresh(
        || Document::Text(400).push(Mode::Plaintext),
        move |push| taken(&mut service, &push),
    )
}

fn bytes_each(what: &str, number: usize, held: impl Fn(usize) -> i64) {
    let number = if is_smoke() { 10 } else { number };
    let each = held(number) as f64 / number as f64;
    println!("| {what} | {number} | {each:.1} |");
}

fn messages_held(number: usize) -> i64 {
    let mut dedup = DedupLayer::new()
        .capacity(number)
        .clock(ManualClock::at_unix(NOW))
        .layer(quiet());
    let counted = allocation_counter::measure(|| {
        for _ in 0..2 * number {
            now(dedup.call(message())).unwrap();
        }
    });
    assert_eq!(dedup.remembered(), number);
    counted.bytes_current
}

fn signatures_held(number: usize) -> i64 {
    let mut service = callback(Mode::Plaintext, quiet()).replay_capacity(number);
    let counted = allocation_counter::measure(|| {
        for _ in 0..2 * number {
            taken(&mut service, &Document::Text(400).push(Mode::Plaintext));
        }
    });
    assert_eq!(service.forgotten(), number as u64);
    counted.bytes_current
}
