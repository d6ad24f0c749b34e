//! Pushes, from the request to the response.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::Full;
use tower::Service;
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::inbox::{Inbox, MemoryInboxStore};
use tower_wechat::callback::{Mode, Rejection};
use tower_wechat::routes::{NoHandler, Routes};
use tower_wechat::{AppConfig, Body, ManualClock, Wechat};

use crate::counted::{holds, respond, runtime};
use crate::fixture::{APPID, NOW, Push, answering, callback, keys, quiet, scan, text};
use crate::{BUDGETS, LABELS};

/// Number of warm-up pushes. The replay memory grows after 97 entries and after 390, and must not
/// grow during the counted pushes.
const WARM: u64 = 128;
const COUNTED: u64 = 64;

/// Different messages of a user, each with a new signature.
fn texts(mode: Mode, nonce: &str) -> Vec<Push> {
    let push = |id| Push::new(mode, &text(400, 1 << 60 | id), &format!("{nonce}{id}"));
    (0..WARM + COUNTED).map(push).collect()
}

/// Different scans of a code.
fn scans(mode: Mode) -> Vec<Push> {
    let push = |second| Push::new(mode, &scan(NOW + second), &format!("n{second}"));
    (0..WARM + COUNTED).map(push).collect()
}

/// Sends all of `pushes` and compares the largest count of the last ones with the budget.
fn test<S>(path: &str, mut service: S, pushes: &[Push], answer: impl Fn(&[u8]) -> bool)
where
    S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible>,
{
    let runtime = runtime();
    let mut most = 0;
    for (number, push) in (0..).zip(pushes) {
        let (counted, response) = respond(&runtime, &mut service, push.request());
        assert_eq!(response.status(), StatusCode::OK);
        assert!(answer(&response.into_body().into_bytes()));
        if number >= WARM {
            most = most.max(counted.count_total);
        }
    }
    holds(BUDGETS, path, most.saturating_sub(LABELS));
}

fn success(answer: &[u8]) -> bool {
    answer == b"success"
}

#[test]
fn plaintext() {
    for (path, pushes) in [
        ("plaintext, text", texts(Mode::Plaintext, "n")),
        ("plaintext, SCAN", scans(Mode::Plaintext)),
    ] {
        test(path, callback(Mode::Plaintext, quiet()), &pushes, success);
    }
}

#[test]
fn compatible() {
    for (path, pushes) in [
        ("compatible, text", texts(Mode::Compatible, "n")),
        ("compatible, SCAN", scans(Mode::Compatible)),
    ] {
        test(path, callback(Mode::Compatible, quiet()), &pushes, success);
    }
}

#[test]
fn secure() {
    for (path, pushes) in [
        ("secure, text", texts(Mode::Secure, "n")),
        ("secure, SCAN", scans(Mode::Secure)),
    ] {
        test(path, callback(Mode::Secure, quiet()), &pushes, success);
    }
}

#[test]
fn replies() {
    for (path, mode, element) in [
        (
            "plaintext, text, with a reply",
            Mode::Plaintext,
            "<Content>",
        ),
        ("secure, text, with a reply", Mode::Secure, "<Encrypt>"),
    ] {
        test(
            path,
            callback(mode, answering()),
            &texts(mode, "n"),
            |answer| std::str::from_utf8(answer).unwrap().contains(element),
        );
    }
}

/// A body with a size hint that must not be read.
struct Untouched;

impl http_body::Body for Untouched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body of a forged push was read")
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(400)
    }
}

#[test]
fn forged() {
    let runtime = runtime();
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let mut service = callback(mode, quiet());
        let forged = Push::new(mode, &text(400, 1), "n").forged();
        let mut most = 0;
        for number in 0..8 {
            let request = forged.request().map(|_| Untouched);
            let (counted, response) = respond(&runtime, &mut service, request);
            assert_eq!(response.status(), StatusCode::FORBIDDEN);
            assert_eq!(response.body().rejection(), Some(Rejection::Signature));
            if number > 0 {
                most = most.max(counted.count_total);
            }
        }
        holds(BUDGETS, "forged", most.saturating_sub(LABELS));
    }
}

fn routes(mode: Mode) -> Routes<NoHandler> {
    let app = AppConfig::new(APPID, "0123456789abcdef0123456789abcdef").callback(keys(mode));
    let wechat = Wechat::builder()
        .app(app)
        .clock(ManualClock::at_unix(NOW))
        .build();
    wechat.unwrap().routes()
}

#[test]
fn through_routes() {
    for (path, mode) in [
        ("routes, plaintext", Mode::Plaintext),
        ("routes, secure", Mode::Secure),
    ] {
        let routes = routes(mode).on_message_bare(quiet());
        test(path, routes, &texts(mode, "n"), success);
    }
}

#[test]
fn through_routes_with_dedup_and_deadline() {
    let mode = Mode::Plaintext;
    let routes = routes(mode).on_message(quiet());
    for (path, nonce) in [
        ("routes with Dedup and Deadline, new", "n"),
        ("routes with Dedup and Deadline, sent again", "m"),
    ] {
        test(path, routes.clone(), &texts(mode, nonce), success);
    }
}

#[test]
fn through_routes_with_an_inbox() {
    let mode = Mode::Plaintext;
    let workers = runtime();
    let routes = workers.block_on(async {
        let inbox = Inbox::new(MemoryInboxStore::new());
        let deadline = DeadlineLayer::ack().inbox(inbox);
        let routes = routes(mode).on_message_within(deadline, quiet());
        // The workers find that an earlier process has left nothing.
        tokio::time::sleep(Duration::from_millis(50)).await;
        routes
    });
    let path = "routes with Dedup, Deadline and an inbox, new";
    test(path, routes, &texts(mode, "n"), success);
}
