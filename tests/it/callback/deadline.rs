//! The deadline layer: a handler may take longer than the platform waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};
use tower_wechat::callback::Overloaded;
use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer, HandlerTracker, LateReply};
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::sandbox::{Attempt, Push, Sandbox};
use tower_wechat::{BoxError, Message, Reply, handler_fn};

use super::support::{
    Tally, counting, document, handler, message_of, seconds, send, text, text_fields,
};
use crate::support::settle;

/// Collects the late replies.
#[derive(Clone, Default)]
struct Late(Arc<Mutex<Vec<Reply>>>);

impl Late {
    fn on(&self, layer: DeadlineLayer) -> DeadlineLayer {
        let late = self.clone();
        layer.late(service_fn(move |reply: LateReply| {
            assert_eq!(reply.message.from_user_name(), "o1");
            late.0.lock().unwrap().push(reply.reply);
            async { Ok::<_, BoxError>("anything") }
        }))
    }

    fn replies(&self) -> Vec<Reply> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn ack_answers_after_four_and_a_half_seconds_and_the_late_reply_reaches_the_hook_once() {
    let (tally, late) = (Tally::default(), Late::default());
    let deadline = late.on(DeadlineLayer::ack());
    let dedup = DedupLayer::new().layer(deadline.layer(counting(&tally, seconds(8.0))));
    let start = Instant::now();
    for _ in 0..3 {
        let reply = dedup.clone().oneshot(text(1)).await.unwrap();
        assert_eq!(reply, Reply::none());
        assert_eq!(start.elapsed().as_millis() / 10, 450);
        assert_eq!(late.replies(), []);
    }
    tokio::time::sleep(seconds(10.0)).await;
    assert_eq!(late.replies(), [Reply::text("1")]);
    assert_eq!((tally.started(), tally.ended()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_reply_in_time_is_not_passed_to_the_hook() {
    let (tally, late) = (Tally::default(), Late::default());
    let deadline = late.on(DeadlineLayer::ack());
    for (call, work) in (1..).zip([0.0, 0.1, 4.4]) {
        let handler = deadline.layer(counting(&tally, seconds(work)));
        let reply = handler.oneshot(text(1)).await.unwrap();
        assert_eq!(reply, Reply::text(format!("{call}")));
    }
    tokio::time::sleep(seconds(60.0)).await;
    assert_eq!((late.replies(), tally.started()), (Vec::new(), 3));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_in_time_fails_the_push_and_one_that_fails_later_does_not() {
    let failing = |work| {
        let tally = Tally::default();
        DeadlineLayer::ack().layer(handler(&tally, seconds(work), |_| Err("no".into())))
    };
    let error = failing(4.0).oneshot(text(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "no");
    assert_eq!(failing(5.0).oneshot(text(1)).await.unwrap(), Reply::none());
    tokio::time::sleep(seconds(60.0)).await;
}

#[tokio::test(start_paused = true)]
async fn late_empty_replies_failures_and_panics_never_reach_the_hook() {
    let (late, handlers) = (Late::default(), HandlerTracker::new());
    let deadline = late.on(DeadlineLayer::ack()).handlers(&handlers);
    let handler = deadline.layer(handler(
        &Tally::default(),
        seconds(6.0),
        |number| match number {
            1 => Ok(Reply::none()),
            2 => Ok(Reply::text("\u{1}")),
            3 => Err("too late to matter".into()),
            _ => panic!("too late to matter"),
        },
    ));
    for _ in 0..4 {
        assert_eq!(
            handler.clone().oneshot(text(1)).await.unwrap(),
            Reply::none()
        );
    }
    tokio::time::sleep(seconds(6.0)).await;
    assert_eq!((late.replies(), handlers.running()), (Vec::new(), 0));
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_or_panics_affects_nothing_else() {
    let handlers = HandlerTracker::new();
    let hook = service_fn(|late: LateReply| async move {
        if late.reply == Reply::text("1") {
            panic!("the hook");
        }
        Err::<(), BoxError>("the hook".into())
    });
    let deadline = DeadlineLayer::ack().late(hook).handlers(&handlers);
    let handler = deadline.layer(counting(&Tally::default(), seconds(5.0)));
    for _ in 0..2 {
        assert_eq!(
            handler.clone().oneshot(text(1)).await.unwrap(),
            Reply::none()
        );
    }
    tokio::time::sleep(seconds(5.0)).await;
    assert_eq!(handlers.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_without_dedup_outlives_its_connection_too() {
    let (tally, late) = (Tally::default(), Late::default());
    let handler = late
        .on(DeadlineLayer::ack())
        .layer(counting(&tally, seconds(3.0)));
    let connection = tokio::time::timeout(seconds(1.0), handler.oneshot(text(1)));
    assert!(connection.await.is_err());
    tokio::time::sleep(seconds(3.0)).await;
    assert_eq!((late.replies(), tally.ended()), (vec![Reply::text("1")], 1));
}

#[tokio::test(start_paused = true)]
async fn late_handlers_count_towards_the_limit() {
    let handlers = HandlerTracker::with_max(2);
    let deadline = DeadlineLayer::ack().handlers(&handlers);
    let dedup = DedupLayer::new().layer(deadline.layer(counting(&Tally::default(), seconds(8.0))));
    let sends = [send(&dedup, text(1)), send(&dedup, text(2))];
    for sent in sends {
        assert_eq!(sent.await.unwrap().unwrap(), Reply::none());
    }
    assert_eq!((dedup.running(), handlers.running()), (0, 2));
    let error = dedup.clone().oneshot(text(3)).await.unwrap_err();
    assert!(error.get_ref().is::<Overloaded>());
    tokio::time::sleep(seconds(4.0)).await;
    assert_eq!(handlers.running(), 0);
    assert_eq!(dedup.oneshot(text(3)).await.unwrap(), Reply::none());
}

#[tokio::test(start_paused = true)]
async fn drain_waits_for_late_handlers_up_to_its_timeout() {
    let (tally, late, handlers) = (Tally::default(), Late::default(), HandlerTracker::new());
    let grace = || tokio::time::sleep(seconds(2.0));
    assert_eq!(handlers.drain(grace()).await, 0);
    let deadline = late.on(DeadlineLayer::ack()).handlers(&handlers);
    let dedup = DedupLayer::new().layer(deadline.layer(counting(&tally, seconds(8.0))));
    for id in 0..3 {
        send(&dedup, text(id));
    }
    tokio::time::sleep(seconds(5.0)).await;
    assert_eq!(handlers.drain(grace()).await, 3);
    let start = Instant::now();
    assert_eq!(handlers.drain(grace()).await, 0);
    assert!(start.elapsed() < seconds(1.1), "{:?}", start.elapsed());
    assert_eq!((late.replies().len(), tally.ended()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn hold_sends_the_reply_in_response_to_the_second_push() {
    let (sandbox, tally, late) = (Sandbox::new(), Tally::default(), Late::default());
    let hold = late.on(DeadlineLayer::hold());
    let routes = sandbox.wechat().routes();
    let routes = routes.on_message_within(hold, counting(&tally, seconds(8.0)));
    let routes = routes.prefix("/v1/service/wx");
    let user = sandbox.user("Hui");
    let delivery = sandbox.push(Push::text(&user, "hi"), routes).await;
    assert!(
        matches!(delivery.attempts[..], [Attempt::Timeout, Attempt::Reply(_)]),
        "{delivery:?}"
    );
    assert_eq!(delivery.reply().unwrap().text(), Some("1"));
    assert_eq!((tally.started(), late.replies()), (1, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn hold_answers_the_third_push_after_fourteen_seconds_at_the_latest() {
    let (sandbox, tally) = (Sandbox::new(), Tally::default());
    let wechat = sandbox.wechat();
    let hold = DeadlineLayer::hold().late(CustomerService::new(wechat.clone()));
    let routes = wechat.routes();
    let routes = routes.on_message_within(hold, counting(&tally, seconds(20.0)));
    let routes = routes.prefix("/v1/service/wx");
    let user = sandbox.user("Hui");
    let delivery = sandbox.push(Push::click(&user, "HELP"), routes).await;
    assert!(
        matches!(
            delivery.attempts[..],
            [Attempt::Timeout, Attempt::Timeout, Attempt::Success]
        ),
        "{delivery:?}"
    );
    assert!(user.received().is_empty());
    tokio::time::sleep(seconds(7.0)).await;
    assert_eq!(user.received().len(), 1);
    assert_eq!(user.received()[0]["text"]["content"], "1");
    assert_eq!(tally.started(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_is_sent_as_a_customer_service_message() {
    let (sandbox, tally) = (Sandbox::new(), Tally::default());
    let wechat = sandbox.wechat();
    let ack = DeadlineLayer::ack().late(CustomerService::new(wechat.clone()));
    let routes = wechat.routes();
    let routes = routes.on_message_within(ack, counting(&tally, seconds(8.0)));
    let routes = routes.prefix("/v1/service/wx");
    let (hui, mei) = (sandbox.user("Hui"), sandbox.user("Mei"));
    let delivery = sandbox.push(Push::text(&hui, "hi"), routes).await;
    assert!(
        matches!(delivery.attempts[..], [Attempt::Success]),
        "{delivery:?}"
    );
    tokio::time::sleep(seconds(4.0)).await;
    let expected = serde_json::json!({
        "touser": hui.openid(), "msgtype": "text", "text": { "content": "1" },
    });
    assert_eq!(hui.received(), [expected]);
    assert!(mei.received().is_empty());
}

#[tokio::test(start_paused = true)]
async fn routes_apply_the_ack_deadline_unless_bare() {
    let (sandbox, tally) = (Sandbox::new(), Tally::default());
    let user = sandbox.user("Hui");
    let slow = || counting(&tally, seconds(8.0));
    let routes = sandbox.wechat().routes().on_message(slow());
    let delivery = sandbox
        .push(Push::text(&user, "hi"), routes.prefix("/v1/service/wx"))
        .await;
    assert!(
        matches!(delivery.attempts[..], [Attempt::Success]),
        "{delivery:?}"
    );
    assert_eq!(tally.started(), 1);

    let bare = sandbox.wechat().routes().on_message_bare(slow());
    let delivery = sandbox
        .push(Push::text(&user, "hi"), bare.prefix("/v1/service/wx"))
        .await;
    assert!(!delivery.is_answered(), "{delivery:?}");
    assert_eq!(tally.started(), 4);
    settle().await;
}

/// On a runtime other than tokio, the configured runtime's timer keeps the deadline.
#[test]
fn without_a_runtime_the_deadline_is_not_applied() {
    use std::task::{Context, Poll, Waker};
    let ready = tower_wechat::handler_fn(|_| async { "hello" });
    let dedup = DedupLayer::new().layer(DeadlineLayer::ack().layer(ready));
    let future = std::pin::pin!(dedup.clone().oneshot(text(1)));
    let Poll::Ready(reply) = future.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("a handler that is ready is not waited for");
    };
    assert_eq!(reply.unwrap(), Reply::text("hello"));

    let never = tower_wechat::handler_fn(|_| std::future::pending::<()>());
    let dedup = DedupLayer::new().layer(DeadlineLayer::ack_after(Duration::ZERO).layer(never));
    let mut future = Box::pin(dedup.clone().oneshot(text(1)));
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    drop(future);
    assert_eq!(dedup.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_exceeds_its_time_limit_is_dropped_and_counted() {
    struct Bell(Arc<Mutex<Option<Duration>>>, Instant);
    impl Drop for Bell {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = Some(self.1.elapsed());
        }
    }
    for (deadline, life) in [
        (DeadlineLayer::ack(), 600),
        (DeadlineLayer::ack().max_life(seconds(60.0)), 60),
        (DeadlineLayer::hold().max_life(seconds(20.0)), 20),
    ] {
        let (handlers, dropped) = (HandlerTracker::new(), Arc::<Mutex<_>>::default());
        let bell = Arc::clone(&dropped);
        let hanging = handler_fn(move |_: Message| {
            let bell = Bell(Arc::clone(&bell), Instant::now());
            async move {
                let _bell = bell;
                std::future::pending::<()>().await;
            }
        });
        let late = Late::default();
        let deadline = late.on(deadline).handlers(&handlers);
        let reply = deadline.layer(hanging).oneshot(text(1)).await.unwrap();
        assert_eq!((reply, handlers.running()), (Reply::none(), 1));
        tokio::time::sleep(seconds(601.0)).await;
        assert_eq!((handlers.running(), handlers.dropped()), (0, 1));
        assert_eq!(dropped.lock().unwrap().unwrap().as_secs(), life);
        assert_eq!(late.replies(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_exceeds_its_time_limit_before_the_deadline_fails_its_push() {
    let deadline = DeadlineLayer::ack().max_life(seconds(2.0));
    let handler = deadline.layer(counting(&Tally::default(), seconds(3.0)));
    let start = Instant::now();
    let error = handler.oneshot(text(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "exceeded max_life");
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_late_reply_hook_is_dropped() {
    let handlers = HandlerTracker::new();
    let hook = service_fn(|_: LateReply| std::future::pending::<Result<(), BoxError>>());
    let deadline = DeadlineLayer::ack().late(hook).handlers(&handlers);
    let handler = deadline.layer(counting(&Tally::default(), seconds(5.0)));
    handler.oneshot(text(1)).await.unwrap();
    tokio::time::sleep(seconds(60.0)).await;
    assert_eq!(handlers.running(), 1);
    tokio::time::sleep(seconds(600.0)).await;
    assert_eq!(handlers.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn hanging_handlers_of_one_app_do_not_block_another_app() {
    let handlers = HandlerTracker::with_max(3);
    let hanging = DeadlineLayer::ack()
        .handlers(&handlers)
        .layer(handler_fn(|_: Message| std::future::pending::<()>()));
    let dedup = DedupLayer::new().max_running(3);
    let dedup = dedup.layer(handler_fn(|_: Message| std::future::pending::<()>()));
    for id in 0..4 {
        match (id, hanging.clone().oneshot(text(id)).await) {
            (0..3, Ok(reply)) => assert_eq!(reply, Reply::none()),
            (3, Err(error)) => assert!(error.get_ref().is::<Overloaded>(), "{error}"),
            (_, result) => panic!("{id}: {result:?}"),
        }
        let sent = send(&dedup, text(id));
        settle().await;
        assert_eq!(sent.is_finished(), id == 3);
    }
    let other = || message_of("wx0000000000000002", document(&text_fields(1)));
    assert_eq!(hanging.oneshot(other()).await.unwrap(), Reply::none());
    let sent = send(&dedup, other());
    settle().await;
    assert!(!sent.is_finished());
    assert_eq!((handlers.running(), dedup.running()), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn the_placeholder_is_sent_at_the_deadline_and_the_reply_by_the_hook() {
    let (tally, late) = (Tally::default(), Late::default());
    let layer = late.on(DeadlineLayer::ack().placeholder(|message: &Message| {
        format!("working on {}", message.field("Content").unwrap_or("it"))
    }));
    let dedup = DedupLayer::new().layer(layer.layer(counting(&tally, seconds(8.0))));
    let begin = Instant::now();
    let reply = send(&dedup, text(1)).await.unwrap().unwrap();
    assert_eq!(reply, Reply::text("working on hi"));
    assert_eq!(begin.elapsed(), seconds(4.5));
    // A retry of the same push gets the same reply.
    let again = send(&dedup, text(1)).await.unwrap().unwrap();
    assert_eq!(again, reply);
    settle().await;
    tokio::time::sleep(seconds(4.0)).await;
    assert_eq!(late.replies(), [Reply::text("1")]);

    let event = |event: &str| {
        let fields =
            format!("<MsgType>event</MsgType><Event>{event}</Event><EventKey>k</EventKey>");
        message_of(super::support::APPID, document(&fields))
    };
    let reply = send(&dedup, event("CLICK")).await.unwrap().unwrap();
    assert_eq!(reply, Reply::text("working on it"));
    let reply = send(&dedup, event("LOCATION")).await.unwrap().unwrap();
    assert_eq!(reply, Reply::none());
}

#[tokio::test(start_paused = true)]
async fn a_panicking_placeholder_answers_success() {
    let layer = DeadlineLayer::ack().placeholder(|_: &Message| -> Reply { panic!("no words") });
    let service = layer.layer(counting(&Tally::default(), seconds(8.0)));
    let reply = send(&service, text(1)).await.unwrap().unwrap();
    assert_eq!(reply, Reply::none());
}
