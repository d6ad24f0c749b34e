//! Replay protection: a captured push is handled once, however it is modified and repeated.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::time::timeout;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::callback::forward::{Forward, Rule, Target};
use tower_wechat::callback::{Mode, Overloaded, Rejection};
use tower_wechat::{
    AppId, Body, BoxError, BoxFuture, Callback, CallbackKeys, ManualClock, Message, Reply,
    TokioRuntime, handler_fn,
};

use super::support::{
    APPID, Handler, NOW, Platform, Push, Tally, counting, handler, message_of, seconds,
    text_document,
};
use crate::log::Log;
use crate::support::settle;

const DAY: u64 = 24 * 3600;
const BOTH: [Mode; 2] = [Mode::Plaintext, Mode::Secure];

fn at(time: u64) -> ManualClock {
    ManualClock::at_unix(time)
}

fn captured(mode: Mode, timestamp: u64, nonce: &str) -> Push {
    let platform = Platform::new(mode).timestamp(timestamp).nonce(nonce);
    platform.push(&text_document(timestamp, 1))
}

fn outcome(response: &Response<Body>) -> (u16, Option<Rejection>) {
    (response.status().as_u16(), response.body().rejection())
}

fn refused(rejection: Rejection) -> (u16, Option<Rejection>) {
    (403, Some(rejection))
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().into_bytes().into()).unwrap()
}

/// Returns the content of the text reply to a push.
async fn content(push: &Push, response: Response<Body>) -> String {
    let document = push.platform.open(&text(response).await);
    let reply = message_of(APPID, document);
    reply.field("Content").unwrap().to_owned()
}

#[tokio::test]
async fn swapping_timestamp_and_nonce_does_not_make_a_push_fresh() {
    for (mode, age, expected) in [
        // 30 days later the document's time shows which timestamp is meant.
        (Mode::Secure, 30 * DAY, refused(Rejection::Replayed)),
        (Mode::Plaintext, DAY - 60, refused(Rejection::Ambiguous)),
        // Plaintext mode does not protect against this.
        (Mode::Plaintext, 30 * DAY, (200, None)),
    ] {
        let later = NOW + age;
        let push = captured(mode, NOW, &later.to_string());
        let tally = Tally::default();
        let callback = Platform::new(mode).callback(counting(&tally, Duration::ZERO));
        let first = push.send(&callback.clone().clock(at(NOW))).await;
        assert_eq!(outcome(&first), (200, None));
        let callback = callback.clock(at(later));
        let old = push.send(&callback).await;
        assert_eq!(
            outcome(&old),
            refused(Rejection::StaleTimestamp),
            "as captured"
        );
        let exchanged = push.read_as(push.get("nonce"), push.get("timestamp"));
        let exchanged = exchanged.send(&callback).await;
        assert_eq!(outcome(&exchanged), expected, "{mode:?} {age}");
    }
}

#[tokio::test]
async fn another_split_of_the_joined_digits_does_not_make_a_push_fresh() {
    for mode in BOTH {
        let push = captured(mode, NOW, "99");
        // 1767225600 99 thetoken: the last ten digits are 6722560099.
        let later = 6_722_560_099;
        let callback = Platform::new(mode).callback(counting(&Tally::default(), Duration::ZERO));
        let callback = callback
            .ambiguity(Duration::from_secs(u64::MAX))
            .clock(at(later));
        let cut = push.read_as(&later.to_string(), "17").send(&callback).await;
        let reason = match mode {
            Mode::Plaintext => Rejection::Ambiguous,
            _ => Rejection::Replayed,
        };
        assert_eq!(outcome(&cut), refused(reason), "{mode:?}");
    }
}

#[tokio::test]
async fn without_a_time_in_the_document_the_maximum_age_applies() {
    let undated = |created: &str| text_document(NOW, 1).replace(&NOW.to_string(), created);
    for (created, age, expected) in [
        ("", DAY - 60, refused(Rejection::Ambiguous)),
        ("soon", DAY - 60, refused(Rejection::Ambiguous)),
        ("1000000000", DAY - 60, refused(Rejection::Ambiguous)),
        ("", 30 * DAY, (200, None)),
        // A recent time is checked.
        ("1767225590", 30 * DAY, refused(Rejection::Replayed)),
    ] {
        let later = NOW + age;
        let document = undated(created);
        let push = Platform::new(Mode::Secure)
            .nonce(later.to_string())
            .push(&document);
        let callback =
            Platform::new(Mode::Secure).callback(counting(&Tally::default(), Duration::ZERO));
        let exchanged = push.read_as(push.get("nonce"), push.get("timestamp"));
        let exchanged = exchanged.send(&callback.clock(at(later))).await;
        assert_eq!(outcome(&exchanged), expected, "{created} {age}");
    }
}

#[tokio::test]
async fn a_genuine_push_whose_nonce_reads_as_a_recent_time_is_accepted() {
    let push = captured(Mode::Secure, NOW, &(NOW - 600).to_string());
    let callback =
        Platform::new(Mode::Secure).callback(counting(&Tally::default(), Duration::ZERO));
    assert_eq!(
        outcome(&push.send(&callback.clock(at(NOW))).await),
        (200, None)
    );
}

#[tokio::test]
async fn the_signature_of_a_url_verification_does_not_accept_a_body() {
    let tally = Tally::default();
    let callback = Platform::new(Mode::Plaintext)
        .callback(counting(&tally, Duration::ZERO))
        .clock(at(NOW));
    let push = captured(Mode::Plaintext, NOW, "n1");
    for _ in 0..2 {
        let echo = callback
            .clone()
            .oneshot(push.verification("42").request())
            .await
            .unwrap();
        assert_eq!(text(echo).await, "42");
    }
    assert_eq!(
        outcome(&push.send(&callback).await),
        refused(Rejection::Replayed)
    );
    assert_eq!(tally.started(), 0);
}

/// Returns the handler, with deduplication in front if `dedup`.
fn layered(dedup: bool, handler: Handler, clock: &ManualClock) -> Handler {
    match dedup {
        false => handler,
        true => {
            let dedup = DedupLayer::new().clock(clock.clone()).layer(handler);
            BoxCloneSyncService::new(dedup.map_err(BoxError::from))
        }
    }
}

#[tokio::test]
async fn an_unchanged_copy_runs_no_handler_while_its_timestamp_is_fresh() {
    for (mode, dedup, ahead) in [
        (Mode::Plaintext, false, 0),
        (Mode::Plaintext, true, 600),
        (Mode::Secure, false, 600),
        (Mode::Secure, true, 0),
    ] {
        let (tally, clock) = (Tally::default(), at(NOW - ahead));
        let handler = layered(dedup, counting(&tally, Duration::ZERO), &clock);
        let callback = Platform::new(mode).callback(handler).clock(clock.clone());
        let push = captured(mode, NOW, "n1");
        let first = push.send(&callback).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(content(&push, first).await, "1");
        for minute in 1..=(ahead + 600) / 60 {
            clock.advance(seconds(60.0));
            let copy = push.send(&callback).await;
            assert_eq!(copy.status(), StatusCode::OK);
            // Deduplication remembers for 60 to 75 seconds.
            let replied = text(copy).await != "success";
            assert_eq!(replied, dedup && minute == 1, "{mode:?} {minute}");
        }
        assert_eq!(tally.started(), 1, "{mode:?} {dedup} {ahead}");
        clock.advance(seconds(1.0));
        let stale = push.send(&callback).await;
        assert_eq!(outcome(&stale), refused(Rejection::StaleTimestamp));
    }
}

#[tokio::test]
async fn setting_the_wall_clock_does_not_clear_the_memory() {
    for set_to in [NOW - 500, NOW + 500] {
        let (tally, clock) = (Tally::default(), at(NOW));
        let callback = Platform::new(Mode::Secure).callback(counting(&tally, Duration::ZERO));
        let callback = callback.clock(clock.clone());
        let push = captured(Mode::Secure, NOW, "n1");
        assert_eq!(push.send(&callback).await.status(), StatusCode::OK);
        clock.set(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(set_to));
        assert_eq!(push.send(&callback).await.status(), StatusCode::OK);
        assert_eq!(tally.started(), 1);
    }
}

#[tokio::test]
async fn a_signature_is_released_when_its_handler_fails() {
    for mode in BOTH {
        for dedup in [false, true] {
            let (tally, clock) = (Tally::default(), at(NOW));
            let handler = handler(&tally, Duration::ZERO, |number| match number {
                1 => Err("no".into()),
                2 => panic!("no"),
                3 => Err(Overloaded::new().into()),
                _ => Ok(Reply::text("done")),
            });
            let handler = layered(dedup, handler, &clock);
            let callback = Platform::new(mode).callback(handler).clock(clock);
            let push = captured(mode, NOW, "n1");
            for status in [500, 500, 503, 200, 200] {
                assert_eq!(push.send(&callback).await.status().as_u16(), status);
            }
            assert_eq!(tally.started(), 4);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_push_is_handled_when_retried() {
    let tally = Tally::default();
    let callback = Platform::new(Mode::Secure)
        .callback(counting(&tally, seconds(1.0)))
        .clock(at(NOW));
    let push = captured(Mode::Secure, NOW, "n1");
    assert!(timeout(seconds(0.5), push.send(&callback)).await.is_err());
    assert_eq!(push.send(&callback).await.status(), StatusCode::OK);
    assert_eq!((tally.started(), tally.ended()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_copy_joins_the_running_handler_or_must_retry() {
    for dedup in [false, true] {
        let (tally, clock) = (Tally::default(), at(NOW));
        let handler = layered(dedup, counting(&tally, seconds(2.0)), &clock);
        let callback = Platform::new(Mode::Plaintext)
            .callback(handler)
            .clock(clock);
        let push = captured(Mode::Plaintext, NOW, "n1");
        let first = tokio::spawn(callback.clone().oneshot(push.request()));
        settle().await;
        let copy = push.send(&callback).await;
        let status = if dedup { 200 } else { 503 };
        assert_eq!(copy.status().as_u16(), status);
        let first = text(first.await.unwrap().unwrap()).await;
        if dedup {
            assert_eq!(text(copy).await, first);
        }
        let later = text(push.send(&callback).await).await;
        assert_eq!(later, if dedup { first } else { "success".into() });
        assert_eq!(tally.started(), 1);
    }
}

/// The connection closes, the handler succeeds, and deduplication forgets the message.
#[tokio::test(start_paused = true)]
async fn a_handler_that_succeeds_after_its_connection_closed_uses_up_the_signature() {
    for layers in ["once", "deadline", "once and deadline"] {
        let (tally, clock) = (Tally::default(), at(NOW));
        let handler = handler(&tally, seconds(2.0), |number| match number {
            1 => Err("the first fails, and its signature is free again".into()),
            number => Ok(Reply::text(format!("{number}"))),
        });
        let runtime = TokioRuntime::default();
        let dedup = DedupLayer::new().clock(clock.clone()).runtime(runtime);
        let deadline = DeadlineLayer::ack();
        let handler: Handler = match layers {
            "once" => BoxCloneSyncService::new(dedup.layer(handler).map_err(BoxError::from)),
            "deadline" => BoxCloneSyncService::new(deadline.layer(handler).map_err(BoxError::from)),
            _ => {
                let service = dedup.layer(deadline.layer(handler));
                BoxCloneSyncService::new(service.map_err(BoxError::from))
            }
        };
        let callback = Platform::new(Mode::Secure)
            .callback(handler)
            .clock(clock.clone());
        let push = captured(Mode::Secure, NOW, "n1");
        for ended in [1, 2] {
            assert!(timeout(seconds(1.0), push.send(&callback)).await.is_err());
            tokio::time::sleep(seconds(3.0)).await;
            assert_eq!(tally.ended(), ended, "{layers}");
        }
        clock.advance(seconds(300.0));
        assert_eq!(
            text(push.send(&callback).await).await,
            "success",
            "{layers}"
        );
        assert_eq!(tally.started(), 2, "{layers}");
    }
}

/// The platform retries, gives up and disconnects; the handler succeeds, and deduplication forgets
/// the message.
#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_is_used_up_when_the_run_succeeds() {
    let (tally, clock) = (Tally::default(), at(NOW));
    let dedup = DedupLayer::new().clock(clock.clone());
    let dedup = dedup.layer(counting(&tally, seconds(6.0)));
    let callback = Platform::new(Mode::Secure)
        .callback(dedup)
        .clock(clock.clone());
    let pushes = ["n1", "n2", "n3"].map(|nonce| captured(Mode::Secure, NOW, nonce));
    for push in &pushes {
        assert!(timeout(seconds(1.0), push.send(&callback)).await.is_err());
    }
    tokio::time::sleep(seconds(10.0)).await;
    assert_eq!(tally.ended(), 1);
    clock.advance(seconds(300.0));
    for push in &pushes {
        assert_eq!(text(push.send(&callback).await).await, "success");
    }
    assert_eq!(tally.started(), 1);
}

/// A layer in front of deduplication takes a second to pass the failure on.
#[tokio::test(start_paused = true)]
async fn a_copy_of_a_push_that_has_just_failed_is_not_answered_with_success() {
    let (tally, clock) = (Tally::default(), at(NOW));
    let failing = handler(&tally, Duration::ZERO, |_| Err("no".into()));
    let failing = layered(true, failing, &clock);
    let slow = failing.then(async |result| {
        tokio::time::sleep(seconds(1.0)).await;
        result
    });
    let callback = Platform::new(Mode::Secure).callback(slow).clock(clock);
    let push = captured(Mode::Secure, NOW, "n1");
    let (first, copy) = tokio::join!(push.send(&callback), push.send(&callback));
    assert_eq!(
        [first.status().as_u16(), copy.status().as_u16()],
        [500, 503]
    );
    assert_eq!(tally.started(), 1);
}

/// A layer in front of deduplication that lets its messages continue without the response, or that
/// does something after they are handled.
#[tokio::test(start_paused = true)]
async fn a_signature_is_used_up_behind_any_layer_in_front_of_deduplication() {
    for spawns in [true, false] {
        let (tally, clock) = (Tally::default(), at(NOW));
        let handler = layered(true, counting(&tally, seconds(2.0)), &clock);
        let front = tower::service_fn(move |message: Message| {
            let handled = handler.clone().oneshot(message);
            let answer: BoxFuture<'static, Result<Reply, BoxError>> = match spawns {
                true => Box::pin(async { tokio::spawn(handled).await? }),
                false => Box::pin(async {
                    let reply = handled.await?;
                    tokio::time::sleep(seconds(9.0)).await;
                    Ok(reply)
                }),
            };
            answer
        });
        let callback = Platform::new(Mode::Secure)
            .callback(front)
            .clock(clock.clone());
        let push = captured(Mode::Secure, NOW, "n1");
        let patience = seconds(if spawns { 1.0 } else { 3.0 });
        assert!(timeout(patience, push.send(&callback)).await.is_err());
        tokio::time::sleep(seconds(5.0)).await;
        clock.advance(seconds(100.0));
        assert_eq!(text(push.send(&callback).await).await, "success");
        assert_eq!(tally.started(), 1);
    }
}

/// Copies are passed on for deduplication, but the shadow is not behind deduplication.
#[tokio::test]
async fn a_copy_of_a_push_is_not_sent_to_shadows() {
    let (tally, sent, clock) = (Tally::default(), Tally::default(), at(NOW));
    let counted = sent.clone();
    let transport = tower::service_fn(move |_: Request<Bytes>| {
        counted.start();
        async { Ok::<_, BoxError>(Response::new(Bytes::from("success"))) }
    });
    let keys = CallbackKeys::plaintext("shadowtoken").unwrap();
    let shadow = Target::new("shadow", "https://shadow.example/wxmsg", keys).unwrap();
    let forward = Forward::builder(transport)
        .shadow(Rule::any(), shadow)
        .fallback(layered(true, counting(&tally, Duration::ZERO), &clock));
    let callback = Platform::new(Mode::Secure).callback(forward.build().unwrap());
    let callback = callback.clock(clock.clone());
    let push = captured(Mode::Secure, NOW, "n1");
    for _ in 0..5 {
        assert_eq!(push.send(&callback).await.status(), StatusCode::OK);
        settle().await;
        clock.advance(seconds(60.0));
    }
    assert_eq!((tally.started(), sent.started()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_reply_at_the_deadline_uses_up_the_signature() {
    let (tally, clock) = (Tally::default(), at(NOW));
    let handler = handler(&tally, seconds(8.0), |_| Err("too late to matter".into()));
    let callback = Platform::new(Mode::Secure).callback(DeadlineLayer::ack().layer(handler));
    let callback = callback.clock(clock.clone());
    let push = captured(Mode::Secure, NOW, "n1");
    assert_eq!(text(push.send(&callback).await).await, "success");
    tokio::time::sleep(seconds(10.0)).await;
    assert_eq!(text(push.send(&callback).await).await, "success");
    assert_eq!(tally.started(), 1);
}

/// The platform encrypts each retry anew.
#[tokio::test]
async fn a_genuine_retry_reaches_the_handler() {
    let tally = Tally::default();
    let callback = Platform::new(Mode::Secure)
        .callback(counting(&tally, Duration::ZERO))
        .clock(at(NOW));
    for nonce in ["n1", "n2", "n3"] {
        let push = captured(Mode::Secure, NOW, nonce);
        assert_eq!(push.send(&callback).await.status(), StatusCode::OK);
    }
    assert_eq!(tally.started(), 3);
}

#[tokio::test]
async fn a_full_memory_evicts_the_oldest_and_logs_it() {
    let (tally, log) = (Tally::default(), Log::default());
    let callback = Platform::new(Mode::Secure).callback(counting(&tally, Duration::ZERO));
    let callback = callback.replay_capacity(2).clock(at(NOW));
    let pushes: Vec<_> = (0..4)
        .map(|id| {
            Platform::new(Mode::Secure)
                .nonce(format!("n{id}"))
                .push(&text_document(NOW, id))
        })
        .collect();
    let _listening = log.listen();
    for push in &pushes {
        assert_eq!(push.send(&callback).await.status(), StatusCode::OK);
    }
    assert_eq!((tally.started(), callback.forgotten()), (4, 2));
    assert_eq!(text(pushes[3].send(&callback).await).await, "success");
    let again = pushes[0].send(&callback).await;
    assert_eq!(content(&pushes[0], again).await, "5");
    assert_eq!((tally.started(), callback.forgotten()), (5, 3));
    let said = log.text();
    assert_eq!(said.matches("replay_capacity").count(), 1, "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_delayed_body_cannot_outlast_the_replay_memory() {
    struct Held(Option<Bytes>, std::pin::Pin<Box<tokio::time::Sleep>>);
    impl http_body::Body for Held {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::ready!(self.1.as_mut().poll(cx));
            std::task::Poll::Ready(self.0.take().map(|body| Ok(http_body::Frame::data(body))))
        }
    }
    let (tally, clock) = (Tally::default(), at(NOW));
    let callback = Platform::new(Mode::Secure).callback(counting(&tally, Duration::ZERO));
    let callback = callback.clock(clock.clone()).body_timeout(None);
    let push = captured(Mode::Secure, NOW, "n1");
    assert_eq!(push.send(&callback).await.status(), StatusCode::OK);
    let sleep = Box::pin(tokio::time::sleep(seconds(1.0)));
    let held = push
        .request()
        .map(|_| Held(Some(push.body.clone().into()), sleep));
    let held = tokio::spawn(callback.oneshot(held));
    settle().await;
    clock.advance(seconds(1300.0));
    let held = held.await.unwrap().unwrap();
    assert_eq!(outcome(&held), refused(Rejection::StaleTimestamp));
    assert_eq!(tally.started(), 1);
}

/// The token, key and appid are those of the push, and the nonce may have been too.
#[tokio::test]
async fn a_sealed_reply_of_the_callback_is_not_accepted_as_a_push() {
    let appid = || AppId::new(APPID).unwrap();
    for format in ["xml", "json"] {
        let clock = at(NOW);
        let handler = handler_fn(|_: Message| async { "our own words" });
        let callback: Callback<_> = Platform::new(Mode::Secure)
            .callback(handler)
            .clock(clock.clone());
        let document = match format {
            "xml" => text_document(NOW, 1),
            _ => r#"{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"text","MsgId":1}"#.into(),
        };
        let platform = Platform::new(Mode::Secure).nonce("1514711492");
        let push = platform.push(&document);
        let reply = text(push.send(&callback).await).await;
        // It is a push except for the signature of its timestamp and nonce.
        let opened = message_of(APPID, platform.open(&reply));
        assert_eq!(opened.field("Content"), Some("our own words"));
        let envelope = Message::parse(appid(), reply.clone()).unwrap();
        let field = |name: &str| envelope.field(name).unwrap().to_owned();
        let (timestamp, nonce) = (field("TimeStamp"), field("Nonce"));
        assert_eq!(timestamp, (NOW + 1).to_string());
        assert!(!nonce.bytes().any(|byte| byte.is_ascii_digit()), "{nonce}");
        for (timestamp, nonce) in [
            (&*timestamp, &*nonce),
            (&timestamp, push.get("nonce")),
            (push.get("timestamp"), &nonce),
            (push.get("timestamp"), push.get("nonce")),
        ] {
            let mut posed = push.read_as(timestamp, nonce);
            posed
                .set("msg_signature", field("MsgSignature"))
                .body(&*reply);
            let (status, rejection) = outcome(&posed.send(&callback).await);
            assert_eq!(status, 403, "{rejection:?}");
        }
    }
}
