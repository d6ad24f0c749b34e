//! Measures every speed claim as a ratio that holds on a busy machine, and prints one table with a
//! row per claim.
//!
//! Run with `cargo bench --bench ratios`.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod fixture;
mod interleave;

use std::convert::Infallible;
use std::hint::black_box;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::callback::Mode;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::{Body, ManualClock, SystemClock, TokenLayer};

use fixture::document::{Document, Pushed, fresh_number};
use fixture::parts::{Primitives, collecting, collecting_parts, reply_to};
use fixture::platform::{by_hand, request, transport, wechat};
use fixture::remembered::{CAPACITY, cache, each, insert, message, quantile, remembering};
use fixture::tasks::{self, TASKS, read, read_cache, read_tokens, two_threads};
use fixture::{APPID, NOW, Push, answering, callback, now, quiet, send};
use interleave::{Member, Spread, again, fresh, interleave, is_smoke, longer, nanos};

const TEXT: Document = Document::Text(400);

fn main() {
    println!("| measured | ns | against | ns | ratio | p10 to p90 | |");
    println!("| --- | ---: | --- | ---: | ---: | ---: | --- |");
    callbacks();
    encrypted_reply();
    with_dedup();
    dedup_store();
    idle_hour();
    token_hits();
    outbound();
}

/// Prints one row: the measured value, the baseline, and the ratio of the two.
fn row(measured: (&str, f64), against: (&str, f64), ratio: Spread) {
    let note = if ratio.is_noisy() {
        "noisy, run again"
    } else {
        ""
    };
    print(measured, against, ratio, note);
}

/// Prints a row for the slowest of many operations, which scatter on any machine.
fn slowest(measured: (&str, Vec<f64>), against: (&str, Vec<f64>)) {
    let ratios = measured.1.iter().zip(&against.1).map(|(ns, of)| ns / of);
    let ratio = Spread::of(ratios.collect());
    let [first, second] = [measured.1, against.1].map(|ns| Spread::of(ns).median);
    print((measured.0, first), (against.0, second), ratio, "scatters");
}

fn print(measured: (&str, f64), against: (&str, f64), ratio: Spread, note: &str) {
    let [median, p10, p90] = [ratio.median, ratio.p10, ratio.p90].map(|ratio| {
        let digits = if ratio.abs() < 0.1 { 6 } else { 3 };
        format!("{ratio:.digits$}")
    });
    println!(
        "| {} | {:.0} | {} | {:.0} | {median} | {p10} to {p90} | {note} |",
        measured.0, measured.1, against.0, against.1,
    );
}

/// Measures the first member against the second and prints the row.
fn pair(measured: (&str, Member<'_>), against: (&str, Member<'_>)) {
    let rounds = interleave([measured.1, against.1]);
    let [first, second] = [0, 1].map(|member| rounds.of(|ns| ns[member]).median);
    row(
        (measured.0, first),
        (against.0, second),
        rounds.of(|ns| ns[0] / ns[1]),
    );
}

/// Sends the same push in every iteration.
fn sent<'a, S>(mut service: S, push: &'a Push) -> Member<'a>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible> + 'a,
{
    again(move || now(send(&mut service, push)))
}

/// Sends a new push in every iteration, since replay protection recognises a copy.
fn sent_anew<'a, S>(mut service: S, mode: Mode) -> Member<'a>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible> + 'a,
{
    fresh(
        move || TEXT.push(mode),
        move |push| now(send(&mut service, &push)),
    )
}

fn callbacks() {
    for (name, mode) in [("plaintext", Mode::Plaintext), ("secure", Mode::Secure)] {
        pair(
            (
                &format!("{name} callback"),
                sent_anew(callback(mode, quiet()), mode),
            ),
            (
                "collected body, and the parts",
                sent_anew(collecting_parts(mode), mode),
            ),
        );
    }
    let push = TEXT.push(Mode::Plaintext);
    let (good, forged) = (callback(Mode::Plaintext, quiet()), push.forged());
    let new = sent_anew(good.clone(), Mode::Plaintext);
    pair(
        ("forged plaintext callback", sent(good.clone(), &forged)),
        ("good plaintext callback", new),
    );
    let new = sent_anew(good.clone(), Mode::Plaintext);
    pair(
        ("copy of a plaintext push", sent(good.clone(), &push)),
        ("good plaintext callback", new),
    );
    pair(
        ("forged plaintext callback", sent(good, &forged)),
        ("collected body", sent(collecting(), &push)),
    );
}

/// The cost of a reply is the difference between an answered and an unanswered push. It includes
/// the handler and the response header. The extra cost over a clear reply includes neither.
fn encrypted_reply() {
    let (secure, clear) = (Mode::Secure, Mode::Plaintext);
    let (document, bare) = (reply_to(&TEXT.push(secure)), Primitives::new());
    let rounds = interleave([
        sent_anew(callback(secure, answering()), secure),
        sent_anew(callback(secure, quiet()), secure),
        sent_anew(callback(clear, answering()), clear),
        sent_anew(callback(clear, quiet()), clear),
        again(|| bare.seal(black_box(&document))),
    ]);
    let whole = |[with, without, ..]: &[f64; 5]| with - without;
    let more = |[with, without, clear, quiet, _]: &[f64; 5]| with - without - (clear - quiet);
    let alone = |[.., bare]: &[f64; 5]| *bare;
    let against = ("CBC, SHA-1 and base64 of it", rounds.of(alone).median);
    row(
        (
            "encrypted reply, from handler to header",
            rounds.of(whole).median,
        ),
        against,
        rounds.of(|ns| whole(ns) / alone(ns)),
    );
    row(
        (
            "encrypted reply, more than a clear one",
            rounds.of(more).median,
        ),
        against,
        rounds.of(|ns| more(ns) / alone(ns)),
    );
}

fn with_dedup() {
    let mut service = callback(Mode::Plaintext, DedupLayer::new().layer(quiet()));
    let document = TEXT.number(fresh_number());
    pair(
        (
            "plaintext callback with Dedup, new pushes",
            fresh(
                || TEXT.push(Mode::Plaintext),
                move |push| now(send(&mut service, &push)),
            ),
        ),
        (
            "quick-xml serde parse alone",
            again(|| quick_xml::de::from_str::<Pushed>(black_box(&document)).unwrap()),
        ),
    );
}

/// Times the layer from message to reply, and the cache for the insertion alone.
fn dedup_store() {
    let filled = if is_smoke() { 10 } else { 2 * CAPACITY };
    let mut dedup = remembering(CAPACITY, filled, SystemClock::default());
    let cache = cache(Duration::from_secs(60), filled);
    let mut run = |message| drop(now(dedup.call(message)).unwrap());
    let put = |key| insert(&cache, key);
    // moka runs maintenance so rarely that a short slice holds all of it or none.
    let rounds =
        interleave([fresh(message, &mut run), fresh(fresh_number, put)].map(longer)).tens();
    row(
        (
            "Dedup, new message, store full",
            rounds.of(|ns| ns[0]).median,
        ),
        ("moka insert, cache full", rounds.of(|ns| ns[1]).median),
        rounds.of(|ns| ns[0] / ns[1]),
    );
    let number = if is_smoke() { 10 } else { 20_000 };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..if is_smoke() { 1 } else { 10 } {
        let [dedup, moka] = [
            each(number, message, &mut run),
            each(number, fresh_number, put),
        ]
        .map(|taken| nanos(quantile(&taken, 0.999)));
        ours.push(dedup);
        theirs.push(moka);
    }
    slowest(("p99.9 of the same", ours), ("p99.9 of the same", theirs));
}

/// Measures the longest of the first operations after every remembered push has expired.
fn idle_hour() {
    let filled = if is_smoke() { 10 } else { CAPACITY };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..if is_smoke() { 1 } else { 5 } {
        let clock = ManualClock::at_unix(NOW);
        let mut dedup = remembering(CAPACITY, filled, clock.clone());
        clock.advance(Duration::from_secs(3600));
        let run = |message| drop(now(dedup.call(message)).unwrap());
        let dedup = nanos(quantile(&each(1000, message, run), 1.0));

        // moka's clock can't be advanced, so its entries get a short time to live instead.
        let life = Duration::from_secs(1);
        let cache = cache(life, filled);
        if !is_smoke() {
            thread::sleep(life + Duration::from_millis(300));
        }
        let moka = each(1000, fresh_number, |key| insert(&cache, key));
        let moka = nanos(quantile(&moka, 1.0));
        ours.push(dedup);
        theirs.push(moka);
    }
    slowest(
        (
            "Dedup, longest after an idle hour, 100,000 remembered",
            ours,
        ),
        ("moka, longest after its time to live", theirs),
    );
}

/// Reports the time of one thread, although the runtime has two.
fn token_hits() {
    let runtime = two_threads();
    let tokens = wechat().tokens();
    let cache = runtime.block_on(async {
        tokens.get(APPID).await.unwrap();
        tasks::cache().await
    });
    for number in TASKS {
        // A short slice would end before the second thread wakes up.
        let ours: Member<'_> =
            Box::new(|times| read(&runtime, number, times, &tokens, read_tokens));
        let theirs: Member<'_> =
            Box::new(|times| read(&runtime, number, times, &cache, read_cache));
        pair(
            (&format!("Tokens::get, hit, tasks: {number}"), longer(ours)),
            ("moka future get", longer(theirs)),
        );
    }
}

fn outbound() {
    let push = TEXT.push(Mode::Plaintext);
    let layered = TokenLayer::new(wechat().tokens()).layer(collecting());
    pair(
        (
            "TokenLayer on a service that collects the body",
            sent(layered, &push),
        ),
        ("the service", sent(collecting(), &push)),
    );
    let runtime = two_threads();
    let _guard = runtime.enter();
    let app = wechat().app(APPID).unwrap();
    runtime.block_on(app.token()).unwrap();
    let call = || now(app.call(GetCallbackIp::new())).unwrap();
    let mut bare = transport();
    pair(
        ("App::call, transport in memory", again(call)),
        (
            "building the request, and the transport",
            again(|| now(bare.call(request())).unwrap()),
        ),
    );
    pair(
        ("App::call, transport in memory", again(call)),
        (
            "the same, and parsing the response with serde_json",
            again(|| by_hand(&mut transport())),
        ),
    );
}
