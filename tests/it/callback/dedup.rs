//! Deduplication: every message is handled once, however often it is sent.

use std::future::{pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

use http::StatusCode;
use proptest::prelude::*;
use tower::{Layer, Service, ServiceExt};
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::dedup::{DedupKey, DedupLayer};
use tower_wechat::callback::{HandlerFn, Overloaded};
use tower_wechat::sandbox::{Attempt, Push, Sandbox};
use tower_wechat::{BoxFuture, ManualClock, Message, Reply, Runtime, TokioRuntime, handler_fn};

use super::support::{
    APPID, NOW, Tally, callback, counting, document, handler, message_of, push, seconds, send,
    text, text_fields,
};
use crate::support::settle;

#[tokio::test(start_paused = true)]
async fn a_retried_push_joins_the_running_handler() {
    let tally = Tally::default();
    let dedup = DedupLayer::new().layer(counting(&tally, seconds(3.0)));
    let sends: Vec<_> = (0..3).map(|_| send(&dedup, text(1))).collect();
    settle().await;
    assert_eq!((dedup.running(), tally.started()), (1, 1));
    for sent in sends {
        assert_eq!(sent.await.unwrap().unwrap(), Reply::text("1"));
    }
    assert_eq!(
        (dedup.running(), dedup.remembered(), tally.ended()),
        (0, 1, 1)
    );
}

#[test]
fn a_push_that_outlives_its_runtime_is_dropped_without_a_panic() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let layer = DedupLayer::new().runtime(TokioRuntime::default());
    let dedup = layer.layer(handler_fn(|_: Message| pending::<()>()));
    let mut call = Box::pin(dedup.clone().oneshot(text(1)));
    let polled = runtime.block_on(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))));
    assert!(polled.is_pending());
    assert_eq!(dedup.running(), 1);
    drop(runtime);
    drop(call);
    assert_eq!(dedup.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_finished_push_gets_the_stored_reply_or_success() {
    let tally = Tally::default();
    let dedup = DedupLayer::new().layer(counting(&tally, Duration::ZERO));
    for _ in 0..3 {
        let reply = dedup.clone().oneshot(text(1)).await.unwrap();
        assert_eq!(reply, Reply::text("1"));
    }
    let quiet = DedupLayer::new().layer(handler(&tally, Duration::ZERO, |_| Ok(Reply::none())));
    for _ in 0..3 {
        assert_eq!(quiet.clone().oneshot(text(1)).await.unwrap(), Reply::none());
    }
    assert_eq!(tally.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_handler_runs_again_and_its_waiters_fail() {
    let tally = Tally::default();
    let dedup = DedupLayer::new().layer(handler(&tally, seconds(1.0), |number| match number {
        1 => Err("the database is gone".into()),
        2 => panic!("and now this"),
        number => Ok(Reply::text(format!("{number}"))),
    }));
    for error in ["the database is gone", "the handler panicked"] {
        let (first, joined) = (send(&dedup, text(1)), send(&dedup, text(1)));
        assert_eq!(first.await.unwrap().unwrap_err().to_string(), error);
        let joined = joined.await.unwrap().unwrap_err().to_string();
        assert_eq!(joined, "the run that this push joined failed");
        assert_eq!((dedup.running(), dedup.remembered()), (0, 0));
    }
    for _ in 0..2 {
        let reply = dedup.clone().oneshot(text(1)).await.unwrap();
        assert_eq!(reply, Reply::text("3"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_neither_cancels_nor_repeats_the_handler() {
    let tally = Tally::default();
    let dedup = DedupLayer::new().layer(counting(&tally, seconds(8.0)));
    for _ in 0..2 {
        let connection = tokio::time::timeout(seconds(3.0), dedup.clone().oneshot(text(1)));
        assert!(connection.await.is_err());
        assert_eq!(dedup.running(), 1);
    }
    let reply = dedup.clone().oneshot(text(1)).await.unwrap();
    assert_eq!(reply, Reply::text("1"));
    assert_eq!((tally.started(), tally.ended()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_after_its_connection_closed_runs_again() {
    let tally = Tally::default();
    let dedup = DedupLayer::new().layer(handler(&tally, seconds(8.0), |number| match number {
        1 => panic!("while nobody waits"),
        number => Ok(Reply::text(format!("{number}"))),
    }));
    let connection = tokio::time::timeout(seconds(3.0), dedup.clone().oneshot(text(1)));
    assert!(connection.await.is_err());
    tokio::time::sleep(seconds(6.0)).await;
    assert_eq!((dedup.running(), tally.ended()), (0, 0));
    let reply = dedup.oneshot(text(1)).await.unwrap();
    assert_eq!(reply, Reply::text("2"));
}

#[tokio::test]
async fn any_difference_makes_another_message() {
    let tally = Tally::default();
    let dedup = DedupLayer::new().layer(counting(&tally, Duration::ZERO));
    let scan = |key: &str| {
        document(&format!(
            "<MsgType>event</MsgType><Event>SCAN</Event><EventKey>{key}</EventKey>"
        ))
    };
    let check = |trace: &str| {
        document(&format!(
            "<MsgType>event</MsgType><Event>wxa_media_check</Event><trace_id>{trace}</trace_id>"
        ))
    };
    let other_user = document(&text_fields(1)).replace(">o1<", ">o2<");
    let with_id = |key: &str| scan(key).replace("</xml>", "<MsgId>1</MsgId></xml>");
    let no_id = |content| {
        let fields = format!("<MsgType>text</MsgType><Content>{content}</Content><MsgId>0</MsgId>");
        document(&fields)
    };
    let different = [
        message_of(APPID, document(&text_fields(1))),
        message_of(APPID, document(&text_fields(2))),
        message_of(APPID, document(&text_fields(1).replace(">1<", ">01<"))),
        message_of("wxba5fad812f8e6fb9", document(&text_fields(1))),
        message_of(APPID, other_user),
        message_of(APPID, scan("a")),
        message_of(APPID, scan("b")),
        message_of("wxba5fad812f8e6fb9", scan("a")),
        message_of(APPID, with_id("a")),
        message_of(APPID, with_id("b")),
        message_of(APPID, no_id("a")),
        message_of(APPID, no_id("b")),
        message_of(APPID, check("1")),
        message_of(APPID, check("2")),
        message_of(APPID, r#"{"MsgType":"event","Event":"subscribe"}"#.into()),
        message_of(APPID, r#"{"MsgType":"event","Event":"unsubscribe"}"#.into()),
    ];
    for _ in 0..2 {
        for (number, message) in different.iter().enumerate() {
            let reply = dedup.clone().oneshot(message.clone()).await.unwrap();
            assert_eq!(reply, Reply::text(format!("{}", number + 1)));
        }
    }
    // The same message in different bytes stays a duplicate as long as the id is the same.
    let edited = document(&text_fields(1)).replace(">hi<", "> hi <");
    let reply = dedup.clone().oneshot(message_of(APPID, edited)).await;
    assert_eq!(reply.unwrap(), Reply::text("1"));
}

proptest! {
    #[test]
    fn keys_are_equal_exactly_when_documents_or_ids_are(
        one in "[a-c]{0,3}", two in "[a-c]{0,3}", event: bool,
    ) {
        let of = |value: &str| {
            let fields = match event {
                true => format!("<MsgType>event</MsgType><EventKey>{value}</EventKey>"),
                false => format!("<MsgType>text</MsgType><MsgId>1{value}</MsgId>"),
            };
            DedupKey::new(&message_of(APPID, document(&fields)))
        };
        prop_assert_eq!(of(&one) == of(&two), one == two);
        prop_assert_eq!(of(&one).to_string().len(), 40);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_beyond_the_limit_is_503_at_once_and_running_ones_continue() {
    let tally = Tally::default();
    let dedup = DedupLayer::new()
        .max_running(2)
        .layer(counting(&tally, seconds(3.0)));
    let callback = callback(dedup.clone());
    let body = |id| document(&text_fields(id));
    let running: Vec<_> = (1..=2)
        .map(|id| tokio::spawn(callback.clone().oneshot(push(&format!("n{id}"), body(id)))))
        .collect();
    settle().await;

    let refused = callback.clone().oneshot(push("n3", body(3))).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.into_body().into_bytes().is_empty());
    let joined = callback.clone().oneshot(push("n1", body(1))).await.unwrap();
    assert_eq!(joined.status(), StatusCode::OK);
    for sent in running {
        assert_eq!(sent.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    let retried = callback.oneshot(push("n4", body(3))).await.unwrap();
    assert_eq!(retried.status(), StatusCode::OK);
    assert_eq!((tally.started(), dedup.running()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn eight_pushes_join_one_run_and_the_ninth_is_rejected() {
    let dedup = DedupLayer::new().layer(counting(&Tally::default(), seconds(3.0)));
    // Waiters that have gone away do not count.
    let first = send(&dedup, text(1));
    settle().await;
    for _ in 0..20 {
        send(&dedup, text(1)).abort();
    }
    let joined: Vec<_> = (0..9).map(|_| send(&dedup, text(1))).collect();
    for (at, sent) in joined.into_iter().enumerate() {
        match (at, sent.await.unwrap()) {
            (0..8, Ok(reply)) => assert_eq!(reply, Reply::text("1")),
            (8, Err(error)) => assert!(error.get_ref().is::<Overloaded>(), "{error}"),
            (_, result) => panic!("{at}: {result:?}"),
        }
    }
    assert_eq!(first.await.unwrap().unwrap(), Reply::text("1"));
}

#[tokio::test]
async fn a_message_is_forgotten_after_its_window() {
    let (tally, clock) = (Tally::default(), ManualClock::at_unix(NOW));
    let layer = DedupLayer::new().window(seconds(60.0)).clock(clock.clone());
    let dedup = layer.layer(counting(&tally, Duration::ZERO));
    for (pause, runs) in [(0, 1), (59, 1), (61, 2), (1000, 3)] {
        clock.advance(Duration::from_secs(pause));
        dedup.clone().oneshot(text(1)).await.unwrap();
        assert_eq!(tally.started(), runs, "after {pause} s");
    }
    assert_eq!(dedup.remembered(), 1);
}

#[tokio::test]
async fn memory_keeps_the_last_thousand_of_a_million_messages() {
    let tally = Tally::default();
    let layer = DedupLayer::new()
        .capacity(1000)
        .clock(ManualClock::at_unix(NOW));
    let dedup = layer.layer(quick(&tally));
    let short = |id: usize| message_of(APPID, format!("<a><MsgId>1{id}</MsgId></a>"));
    for id in 0..1_000_000 {
        dedup.clone().oneshot(short(id)).await.unwrap();
        assert_eq!(dedup.remembered(), (id + 1).min(1000));
        if id % 1000 == 999 {
            dedup.clone().oneshot(short(id - 999)).await.unwrap();
        }
    }
    assert_eq!((tally.started(), dedup.running()), (1_000_000, 0));
    // The message before the last thousand is forgotten.
    dedup.clone().oneshot(short(998_999)).await.unwrap();
    assert_eq!((tally.started(), dedup.remembered()), (1_000_001, 1000));
}

fn quick(tally: &Tally) -> HandlerFn<impl Fn(Message) -> std::future::Ready<()> + Clone + use<>> {
    let tally = tally.clone();
    handler_fn(move |_| {
        tally.start();
        std::future::ready(())
    })
}

/// A runtime that drops every task, like one that is shutting down.
struct Stopped;

impl Runtime for Stopped {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(task);
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_task_releases_the_message_and_wakes_the_waiters() {
    let tally = Tally::default();
    let layer = DedupLayer::new().runtime(Stopped);
    let dedup = layer.layer(counting(&tally, seconds(3.0)));
    let first = send(&dedup, text(1));
    settle().await;
    let joined = send(&dedup, text(1));
    settle().await;
    first.abort();
    let error = joined.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the run that this push joined failed");
    assert_eq!(dedup.running(), 0);
    let reply = dedup.oneshot(text(1)).await.unwrap();
    assert_eq!(reply, Reply::text("2"));
}

#[tokio::test(start_paused = true)]
async fn the_platform_retries_until_the_handler_succeeds() {
    let (sandbox, tally) = (Sandbox::new(), Tally::default());
    let failing = handler(&tally, Duration::ZERO, |number| match number {
        1 => Err("not yet".into()),
        2 => panic!("nor now"),
        _ => Ok(Reply::text("at last")),
    });
    let routes = sandbox.wechat().routes().on_message(failing);
    let routes = routes.prefix("/v1/service/wx");
    let delivery = sandbox
        .push(Push::text(&sandbox.user("Hui"), "hi"), routes)
        .await;
    assert!(
        matches!(
            delivery.attempts[..],
            [
                Attempt::Status(500),
                Attempt::Status(500),
                Attempt::Reply(_)
            ]
        ),
        "{delivery:?}"
    );
    assert_eq!(delivery.reply().unwrap().text(), Some("at last"));
}

#[tokio::test]
async fn a_service_that_wraps_a_handler_gives_it_back() {
    let tally = Tally::default();
    let mut dedup = DedupLayer::new().layer(DeadlineLayer::ack().layer(quick(&tally)));
    assert_eq!(dedup.get_ref().handlers().running(), 0);
    let deadline = dedup.get_mut().clone();
    let handler: HandlerFn<_> = dedup.into_inner().into_inner();
    handler.oneshot(text(1)).await.unwrap();
    deadline.oneshot(text(1)).await.unwrap();
    assert_eq!(tally.started(), 2);
}

#[test]
#[should_panic(expected = "`DedupFuture` polled after completion")]
fn a_future_that_is_polled_after_completion_panics() {
    let mut dedup = DedupLayer::new().layer(quick(&Tally::default()));
    let mut future = Box::pin(dedup.call(text(1)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_ready());
    let _ = future.as_mut().poll(&mut context);
}
