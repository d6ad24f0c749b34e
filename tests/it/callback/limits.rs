//! The limits on a push: time, size and signature reuse.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use tokio::time::{Instant, Sleep};
use tower::ServiceExt;
use tower_wechat::callback::{Limits, Mode, Overloaded, Rejection};
use tower_wechat::{AppConfig, Body, BoxError, Callback, ManualClock, Message, Wechat, handler_fn};

use super::support::{
    APPID, NOW, Platform, Push, Tally, callback, counting, document, push, seconds, text_fields,
};

fn rejection(response: &Response<Body>) -> Option<Rejection> {
    response.body().rejection()
}

fn body(content: &str) -> String {
    let fields = "<MsgType>text</MsgType><MsgId>1</MsgId>";
    document(&format!("{fields}<Content>{content}</Content>"))
}

/// A body that arrives in pieces, with a pause before each.
struct Slow {
    pieces: Vec<Bytes>,
    pause: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl Slow {
    fn new(text: &str, pieces: usize, pause: Duration) -> Self {
        let mut pieces: Vec<_> = text
            .as_bytes()
            .chunks(text.len().div_ceil(pieces))
            .map(Bytes::copy_from_slice)
            .collect();
        pieces.reverse();
        let sleep = Box::pin(tokio::time::sleep(pause));
        Self {
            pieces,
            pause,
            sleep,
        }
    }
}

impl http_body::Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        std::task::ready!(self.sleep.as_mut().poll(cx));
        let next = Instant::now() + self.pause;
        self.sleep.as_mut().reset(next);
        Poll::Ready(self.pieces.pop().map(|piece| Ok(Frame::data(piece))))
    }
}

/// Returns a push with an empty body, to be sent with another one.
fn plaintext(timestamp: u64, nonce: &str) -> Push {
    let platform = Platform::new(Mode::Plaintext).timestamp(timestamp);
    platform.nonce(nonce).push("")
}

fn slow(nonce: &str, pause: f64) -> Request<Slow> {
    let body = Slow::new(&document(&text_fields(1)), 4, seconds(pause));
    plaintext(NOW, nonce).request_with(body)
}

#[tokio::test(start_paused = true)]
async fn a_body_may_take_five_seconds_in_total() {
    let tally = Tally::default();
    let callback = callback(counting(&tally, Duration::ZERO));
    let start = Instant::now();
    let response = callback.clone().oneshot(slow("n1", 1.2)).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(rejection(&response), Some(Rejection::BodyTimeout));
    assert!(response.into_body().into_bytes().is_empty());
    assert_eq!(start.elapsed().as_millis() / 10, 500);
    assert_eq!(tally.started(), 0);
    let response = callback.oneshot(slow("n2", 0.9)).await.unwrap();
    assert_eq!((response.status(), tally.started()), (StatusCode::OK, 1));
}

#[tokio::test(start_paused = true)]
async fn the_body_timeout_can_be_set_and_disabled() {
    let handler = || counting(&Tally::default(), Duration::ZERO);
    let short = callback(handler()).body_timeout(Some(seconds(1.0)));
    let response = short.oneshot(slow("n1", 0.5)).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    let patient = callback(handler()).body_timeout(None);
    let response = patient.oneshot(slow("n1", 100.0)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn the_body_timeout_does_not_apply_to_the_handler() {
    let callback = callback(counting(&Tally::default(), seconds(60.0)));
    let response = callback.oneshot(slow("n1", 0.9)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[test]
fn without_a_runtime_the_body_timeout_is_not_applied() {
    struct Never;
    impl http_body::Body for Never {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }
    let callback = callback(handler_fn(|_: Message| pending::<()>()));
    let request = plaintext(NOW, "n1").request_with(Never);
    let future = std::pin::pin!(callback.oneshot(request));
    let polled = future.poll(&mut Context::from_waker(std::task::Waker::noop()));
    assert!(polled.is_pending());
}

#[tokio::test]
async fn an_overloaded_error_at_any_depth_is_503() {
    #[derive(Debug)]
    struct Outer(Overloaded);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("outer")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let fails = |error: fn() -> BoxError| {
        let handler = handler_fn(move |_: Message| async move { Err::<(), _>(error()) });
        callback(handler).oneshot(push("n1", body("a")))
    };
    for (error, status) in [
        ((|| Overloaded::new().into()) as fn() -> BoxError, 503),
        (|| Outer(Overloaded::new()).into(), 503),
        (|| "something else".into(), 500),
    ] {
        let response = fails(error).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert!(response.into_body().into_bytes().is_empty());
    }
}

#[tokio::test]
async fn a_signature_used_with_another_clear_body_is_rejected() {
    let tally = Tally::default();
    let callback = callback(counting(&tally, Duration::ZERO));
    for (nonce, content, refused) in [
        ("n1", "hello", false),
        ("n1", "give me the money", true),
        ("n1", "hello", false),
        ("n2", "give me the money", false),
        ("n2", "hello", true),
    ] {
        let response = callback.clone().oneshot(push(nonce, body(content))).await;
        let response = response.unwrap();
        let expected = refused.then_some(Rejection::Replayed);
        assert_eq!(rejection(&response), expected, "{nonce} {content}");
        let status = if refused { 403 } else { 200 };
        assert_eq!(response.status().as_u16(), status);
        assert!(!refused || response.headers().is_empty());
    }
    assert_eq!(tally.started(), 2, "a copy runs no handler");
}

#[tokio::test]
async fn an_invalid_body_does_not_use_up_the_signature() {
    let callback = callback(counting(&Tally::default(), Duration::ZERO));
    for (content, status) in [("<xml", 400), ("junk", 400), (&*body("hello"), 200)] {
        let request = push("n1", content.to_owned());
        let response = callback.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_body_does_not_evict_other_signatures() {
    let clock = ManualClock::at_unix(NOW);
    let callback = callback(counting(&Tally::default(), Duration::ZERO));
    let callback = callback.clock(clock.clone()).body_timeout(None);
    let send = async |timestamp, nonce, content| {
        let push = plaintext(timestamp, nonce);
        let request = push.request_with(Body::from(body(content)));
        callback.clone().oneshot(request).await.unwrap().status()
    };
    let late = tokio::spawn(callback.clone().oneshot(slow("n0", 1.0)));
    tokio::task::yield_now().await;
    clock.advance(seconds(1210.0));
    assert_eq!(send(NOW + 1210, "n1", "hello").await, 200);
    clock.advance(seconds(40.0));
    assert_eq!(send(NOW + 1850, "n2", "hello").await, 200);
    clock.advance(seconds(50.0));
    // Its timestamp is stale by the time its body has arrived.
    let late = late.await.unwrap().unwrap();
    assert_eq!(rejection(&late), Some(Rejection::StaleTimestamp));
    clock.advance(seconds(1.0));
    assert_eq!(send(NOW + 1301, "n3", "hello").await, 200);
    clock.advance(seconds(1102.0));
    assert_eq!(send(NOW + 2403, "n4", "hello").await, 200);
    assert_eq!(send(NOW + 1850, "n2", "another").await, 403);
}

#[tokio::test]
async fn a_signature_is_remembered_while_its_timestamp_is_fresh() {
    let clock = ManualClock::at_unix(NOW - 600);
    let callback = callback(counting(&Tally::default(), Duration::ZERO)).clock(clock.clone());
    let send = async |content: &str| {
        let request = push("n1", body(content));
        let response = callback.clone().oneshot(request).await.unwrap();
        response.status().as_u16()
    };
    assert_eq!(send("hello").await, 200);
    for _ in 0..12 {
        assert_eq!(send("another").await, 403);
        clock.advance(seconds(100.0));
    }
    assert_eq!(send("another").await, 403);
    assert_eq!(send("hello").await, 200);
    clock.advance(seconds(1.0));
    assert_eq!(send("hello").await, 403);
}

#[tokio::test]
async fn msg_signature_binds_an_encrypted_push_to_its_body() {
    let secure = Platform::new(Mode::Secure);
    let callback = secure.callback(counting(&Tally::default(), Duration::ZERO));
    for content in ["one", "two"] {
        let response = callback.clone().oneshot(push("n1", body(content))).await;
        assert_eq!(rejection(&response.unwrap()), Some(Rejection::NotEncrypted));
    }
}

#[tokio::test]
async fn the_limits_of_a_document_can_be_set() {
    let tally = Tally::default();
    let callback = callback(counting(&tally, Duration::ZERO));
    let limits = Limits::default().depth(2).elements(8).field(16);
    let strict = callback.clone().limits(limits);
    let nested = |levels: usize| {
        let (open, close) = ("<a>".repeat(levels), "</a>".repeat(levels));
        document(&format!("{open}{close}"))
    };
    let cases = [
        (nested(2), nested(3)),
        // Every document has three fields.
        (document(&"<a/>".repeat(5)), document(&"<a/>".repeat(6))),
        (
            document("<a>0123456789abcdef</a>"),
            document("<a>0123456789abcdef0</a>"),
        ),
        (
            r#"{"a":{"b":{"c":1}}}"#.replace(r#"{"c":1}"#, "1"),
            r#"{"a":{"b":{"c":1}}}"#.to_owned(),
        ),
    ];
    for (index, (within, beyond)) in cases.into_iter().enumerate() {
        let status = async |callback: &Callback<_>, nonce: String, body: String| {
            let response = callback.clone().oneshot(push(&nonce, body)).await.unwrap();
            (response.status(), rejection(&response))
        };
        let (kept, _) = status(&strict, format!("w{index}"), within).await;
        assert_eq!(kept, StatusCode::OK, "{index}");
        let refused = status(&strict, format!("b{index}"), beyond.clone()).await;
        let malformed = (StatusCode::BAD_REQUEST, Some(Rejection::Malformed));
        assert_eq!(refused, malformed, "{index}");
        let (by_default, _) = status(&callback, format!("d{index}"), beyond).await;
        assert_eq!(by_default, StatusCode::OK, "{index}");
    }
}

#[tokio::test]
async fn callback_settings_may_come_before_or_after_the_handler() {
    let keys = Platform::new(Mode::Plaintext).keys();
    let wechat = Wechat::builder()
        .app(AppConfig::new(APPID, "secret").callback(keys))
        .clock(ManualClock::at_unix(NOW));
    let wechat = wechat.build().unwrap();
    let narrow = |callback: Callback<()>| callback.timestamp_window(Some(seconds(60.0)));
    let handler = counting(&Tally::default(), Duration::ZERO);
    for routes in [
        wechat
            .routes()
            .callbacks(narrow)
            .on_message(handler.clone()),
        wechat
            .routes()
            .on_message(handler.clone())
            .callbacks(narrow),
    ] {
        for (age, refused) in [(0, None), (300, Some(Rejection::StaleTimestamp))] {
            let push = plaintext(NOW - age, "n1");
            let request = push.request_with(Body::from(body("hi")));
            let response = routes.clone().oneshot(request).await.unwrap();
            assert_eq!(rejection(&response), refused);
        }
    }
}
