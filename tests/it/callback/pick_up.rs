//! A late reply waits until its user writes again.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tower::{Layer, Service, ServiceExt};
use tower_wechat::callback::deadline::pick_up::{MemoryPickUpStore, PickUp, PickUpStore, Taken};
use tower_wechat::callback::deadline::{DeadlineLayer, LateReply};
use tower_wechat::callback::dedup::{DedupKey, DedupLayer};
use tower_wechat::callback::{Article, HandlerError};
use tower_wechat::{
    AppId, BoxError, CallbackKeys, Clock, ManualClock, Message, Reply, StoreError, handler_fn,
};

use crate::log::Log;

use super::support::{
    APPID, Tally, counting, document, handler, instant, message_of, seconds, send, text,
    text_fields,
};

const HOUR: Duration = Duration::from_secs(3600);

fn clock() -> ManualClock {
    ManualClock::at_unix(1_767_225_600)
}

fn remaining(pick_up: PickUp) -> PickUp {
    pick_up.remaining(|left| format!("+{left}"))
}

fn of_user(openid: &str, id: usize) -> Message {
    let fields = text_fields(id);
    message_of(APPID, document(&fields).replace("o1", openid))
}

async fn keep(pick_up: &PickUp, message: Message, reply: Reply) -> Result<(), BoxError> {
    let late = LateReply::new(message, reply);
    pick_up.clone().oneshot(late).await
}

async fn ask<S>(service: &S, message: Message) -> Reply
where
    S: Service<Message, Response = Reply, Error = HandlerError> + Clone,
{
    service.clone().oneshot(message).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_next_message_gets_the_late_reply_and_is_not_handled() {
    let tally = Tally::default();
    let deadline = DeadlineLayer::ack()
        .placeholder(|_| "wait")
        .pick_up(PickUp::new());
    let service = DedupLayer::new().layer(deadline.layer(counting(&tally, seconds(8.0))));
    assert_eq!(ask(&service, text(1)).await, Reply::text("wait"));
    tokio::time::sleep(seconds(5.0)).await;
    assert_eq!(ask(&service, text(2)).await, Reply::text("1"));
    assert_eq!(tally.started(), 1);
    // Nothing waits, so the message is handled.
    assert_eq!(ask(&service, text(3)).await, Reply::text("wait"));
    assert_eq!(tally.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_retried_message_gets_the_same_part() {
    let tally = Tally::default();
    let pick_up = remaining(PickUp::new());
    let deadline = DeadlineLayer::ack().pick_up(pick_up.clone());
    // Without dedup in front, as after a restart or on another instance.
    let service = deadline.layer(instant(&tally));
    let articles = ["one", "two"].map(|title| Article::new(title, "u"));
    keep(&pick_up, text(1), Reply::news(articles.clone()))
        .await
        .unwrap();
    keep(&pick_up, text(1), Reply::text("three")).await.unwrap();
    let [one, two] = articles.map(|article| Reply::news([article]));
    for _ in 0..3 {
        assert_eq!(ask(&service, text(2)).await, one);
    }
    assert_eq!(ask(&service, text(3)).await, two);
    assert_eq!(ask(&service, text(2)).await, one);
    assert_eq!(ask(&service, text(4)).await, Reply::text("three"));
    assert_eq!(tally.started(), 0);
    assert_eq!(ask(&service, text(5)).await, Reply::text("1"));
}

#[tokio::test(start_paused = true)]
async fn a_long_text_is_split_into_parts_with_the_number_left() {
    let pick_up = remaining(PickUp::new());
    let line = format!("{}\n", "茶".repeat(100));
    let whole = line.repeat(20);
    keep(&pick_up, text(1), Reply::text(&whole)).await.unwrap();
    let service = DeadlineLayer::ack()
        .pick_up(pick_up)
        .layer(instant(&Tally::default()));
    let mut seen = String::new();
    for left in (0..4).rev() {
        let reply = ask(&service, text(10 - left)).await;
        let content = reply.as_text().unwrap();
        let part = match left {
            0 => content,
            _ => content.strip_suffix(&format!("+{left}")).unwrap(),
        };
        assert!(content.len() <= Reply::MAX_TEXT);
        seen.push_str(part.trim_end());
        seen.push('\n');
    }
    assert!(seen == whole);
}

#[tokio::test(start_paused = true)]
async fn only_user_messages_and_menu_clicks_take_a_part() {
    let tally = Tally::default();
    let pick_up = PickUp::new();
    let service = DeadlineLayer::ack()
        .pick_up(pick_up.clone())
        .layer(instant(&tally));
    keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
    let event = |name: &str| {
        let fields = format!("<MsgType>event</MsgType><Event>{name}</Event><EventKey>k</EventKey>");
        message_of(APPID, document(&fields))
    };
    for (call, name) in (1..).zip([
        "LOCATION",
        "VIEW",
        "subscribe",
        "SCAN",
        "TEMPLATESENDJOBFINISH",
        "scancode_push",
    ]) {
        let reply = ask(&service, event(name)).await;
        assert_eq!(reply, Reply::text(format!("{call}")), "{name}");
    }
    assert_eq!(ask(&service, of_user("o2", 1)).await, Reply::text("7"));
    let elsewhere = message_of("wx0000000000000002", document(&text_fields(1)));
    assert_eq!(ask(&service, elsewhere).await, Reply::text("8"));
    assert_eq!(ask(&service, event("CLICK")).await, Reply::text("late"));
    for (at, msg_type) in [
        "image",
        "voice",
        "video",
        "shortvideo",
        "location",
        "link",
        "file",
    ]
    .iter()
    .enumerate()
    {
        keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
        let fields = format!("<MsgType>{msg_type}</MsgType><MsgId>{}</MsgId>", at + 100);
        let message = message_of(APPID, document(&fields));
        assert_eq!(
            ask(&service, message).await,
            Reply::text("late"),
            "{msg_type}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_message_may_be_handled_too() {
    let tally = Tally::default();
    let pick_up = PickUp::new().handle_too().remaining(|_| "");
    let deadline = DeadlineLayer::ack()
        .placeholder(|_| "wait")
        .pick_up(pick_up.clone());
    let service = DedupLayer::new().layer(deadline.layer(instant(&tally)));
    keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
    // The handler's reply waits in turn.
    assert_eq!(ask(&service, text(2)).await, Reply::text("late"));
    assert_eq!(tally.started(), 1);
    tokio::task::yield_now().await;
    assert_eq!(ask(&service, text(3)).await, Reply::text("1"));
    tokio::task::yield_now().await;
    assert_eq!(ask(&service, text(4)).await, Reply::text("2"));
    assert_eq!(tally.started(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_part_replaces_the_placeholder_of_a_late_handler() {
    let tally = Tally::default();
    let pick_up = PickUp::new().handle_too();
    let deadline = DeadlineLayer::ack()
        .placeholder(|_| "wait")
        .pick_up(pick_up.clone());
    let service = deadline.layer(counting(&tally, seconds(8.0)));
    keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
    assert_eq!(ask(&service, text(2)).await, Reply::text("late"));
    tokio::time::sleep(seconds(5.0)).await;
    assert_eq!(ask(&service, text(3)).await, Reply::text("1"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_handler_loses_no_part() {
    let pick_up = remaining(PickUp::new().handle_too());
    let fails = |work| {
        let handler = handler(&Tally::default(), seconds(work), |_| Err("no".into()));
        let deadline = DeadlineLayer::hold().pick_up(pick_up.clone());
        DedupLayer::new().layer(deadline.layer(handler))
    };
    for number in ["one", "two"] {
        keep(&pick_up, text(1), Reply::text(number)).await.unwrap();
    }
    for work in [0.0, 12.0] {
        let service = fails(work);
        for _ in 0..3 {
            let error = service.clone().oneshot(text(2)).await.unwrap_err();
            assert_eq!(error.to_string(), "no", "{work}");
        }
    }
    tokio::task::yield_now().await;
    let service = DeadlineLayer::ack().pick_up(pick_up).layer(handler(
        &Tally::default(),
        seconds(0.0),
        |_| Ok(Reply::none()),
    ));
    assert_eq!(ask(&service, text(3)).await, Reply::text("one+1"));
    assert_eq!(ask(&service, text(4)).await, Reply::text("two"));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_cannot_be_deferred_is_sent_and_the_part_keeps_waiting() {
    let pick_up = PickUp::new().handle_too();
    keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
    let deadline = DeadlineLayer::ack().pick_up(pick_up.clone());
    let transfers = handler(&Tally::default(), seconds(0.0), |_| {
        Ok(Reply::transfer_customer_service())
    });
    let reply = ask(&deadline.layer(transfers), text(2)).await;
    assert_eq!(reply, Reply::transfer_customer_service());
    tokio::task::yield_now().await;
    let quiet = handler(&Tally::default(), seconds(0.0), |_| Ok(Reply::none()));
    assert_eq!(
        ask(&deadline.layer(quiet), text(3)).await,
        Reply::text("late")
    );
}

#[tokio::test(start_paused = true)]
async fn the_number_left_includes_the_reply_that_begins_to_wait() {
    let pick_up = remaining(PickUp::new().handle_too());
    keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
    let service = DeadlineLayer::ack()
        .pick_up(pick_up)
        .layer(instant(&Tally::default()));
    assert_eq!(ask(&service, text(2)).await, Reply::text("late+1"));
}

/// An in-memory store that responds late.
#[derive(Clone)]
struct Slow(MemoryPickUpStore, Duration);

impl PickUpStore for Slow {
    async fn put(
        &self,
        appid: &AppId,
        openid: &str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> Result<usize, StoreError> {
        self.0.put(appid, openid, parts, max_parts, max_age).await
    }

    async fn take(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<Option<Taken>, StoreError> {
        let taken = self.0.take(appid, openid, message).await;
        tokio::time::sleep(self.1).await;
        taken
    }

    async fn give_back(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<(), StoreError> {
        self.0.give_back(appid, openid, message).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_responds_too_late_loses_no_part() {
    let memory = MemoryPickUpStore::new();
    let slow = remaining(PickUp::new().store(Slow(memory.clone(), seconds(0.6))));
    keep(&slow, text(1), Reply::text("one")).await.unwrap();
    keep(&slow, text(1), Reply::text("two")).await.unwrap();
    let tally = Tally::default();
    // Later than the store timeout of half a second, or than a shorter deadline.
    for (deadline, id) in [
        (DeadlineLayer::ack(), 2),
        (DeadlineLayer::ack_after(seconds(0.2)), 3),
    ] {
        let service = deadline.pick_up(slow.clone()).layer(instant(&tally));
        ask(&service, text(id)).await;
        tokio::time::sleep(seconds(1.0)).await;
    }
    assert_eq!(tally.started(), 2);
    let quick = remaining(PickUp::new().store(memory));
    let service = DeadlineLayer::ack().pick_up(quick).layer(instant(&tally));
    // The reply to the second message missed its deadline and waits too.
    assert_eq!(ask(&service, text(4)).await, Reply::text("one+2"));
    assert_eq!(ask(&service, text(5)).await, Reply::text("two+1"));
    assert_eq!(ask(&service, text(6)).await, Reply::text("2"));
}

#[tokio::test(start_paused = true)]
async fn a_part_taken_by_a_closed_connection_keeps_its_position() {
    let memory = MemoryPickUpStore::new();
    let pick_up = remaining(PickUp::new().handle_too().store(memory));
    for number in ["one", "two"] {
        keep(&pick_up, text(1), Reply::text(number)).await.unwrap();
    }
    let slow = handler(&Tally::default(), seconds(2.0), |_| Ok(Reply::none()));
    let service = DeadlineLayer::ack().pick_up(pick_up).layer(slow);
    let gone = send(&service, text(2));
    tokio::time::sleep(seconds(1.0)).await;
    gone.abort();
    tokio::time::sleep(seconds(2.0)).await;
    assert_eq!(ask(&service, text(2)).await, Reply::text("one+1"));
    assert_eq!(ask(&service, text(3)).await, Reply::text("two"));
}

#[tokio::test(start_paused = true)]
async fn blank_parts_are_not_kept() {
    let pick_up = remaining(PickUp::new());
    for (at, (reply, kept)) in [
        (
            Reply::text(format!("{}{}", "x".repeat(3840), "\n".repeat(200))),
            2,
        ),
        (Reply::text(format!("a{}b", " ".repeat(6000))), 2),
        (Reply::text("short \n"), 1),
    ]
    .into_iter()
    .enumerate()
    {
        keep(&pick_up, text(1), reply).await.unwrap();
        let service = DeadlineLayer::ack()
            .pick_up(pick_up.clone())
            .layer(instant(&Tally::default()));
        for left in (0..kept).rev() {
            let shown = ask(&service, text(100 * (at + 1) + left)).await;
            let end = if left > 0 {
                format!("+{left}")
            } else {
                String::new()
            };
            let content = shown.as_text().unwrap().strip_suffix(&*end).unwrap();
            assert!(!content.trim().is_empty(), "{shown:?}");
        }
        assert_eq!(ask(&service, text(9)).await, Reply::text("1"));
    }
    for empty in [Reply::none(), Reply::text("\u{1}"), Reply::news([])] {
        let error = keep(&pick_up, text(1), empty).await.unwrap_err();
        assert_eq!(error.to_string(), "reply is empty");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_time_fails_the_push_and_its_retry_gets_the_part() {
    let tally = Tally::default();
    let pick_up = PickUp::new().handle_too();
    let deadline = DeadlineLayer::ack().pick_up(pick_up.clone());
    let fails_first = handler(&tally, seconds(1.0), |number| match number {
        1 => Err("no".into()),
        _ => Ok(Reply::none()),
    });
    let service = DedupLayer::new().layer(deadline.layer(fails_first));
    keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
    let error = service.clone().oneshot(text(2)).await.unwrap_err();
    assert_eq!(error.to_string(), "no");
    assert_eq!(ask(&service, text(2)).await, Reply::text("late"));
    assert_eq!(tally.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_replies_are_limited_in_number_bytes_and_age() {
    let clock = clock();
    let memory = MemoryPickUpStore::new()
        .clock(clock.clone())
        .max_bytes(4500);
    let pick_up = remaining(PickUp::new().store(memory.clone()).max_parts(2));
    let service = DeadlineLayer::ack()
        .pick_up(pick_up.clone())
        .layer(instant(&Tally::default()));
    for number in 1..=3 {
        keep(&pick_up, text(1), Reply::text(format!("part {number}")))
            .await
            .unwrap();
    }
    assert_eq!(ask(&service, text(2)).await, Reply::text("part 1+1"));
    assert_eq!(ask(&service, text(3)).await, Reply::text("part 2"));
    assert_eq!(ask(&service, text(4)).await, Reply::text("1"));

    // Parts of other users are evicted, those that expire first before the others.
    for user in ["o2", "o3", "o4"] {
        clock.advance(Duration::from_secs(60));
        keep(&pick_up, of_user(user, 1), Reply::text("x".repeat(1500)))
            .await
            .unwrap();
    }
    assert_eq!(ask(&service, of_user("o2", 2)).await, Reply::text("2"));
    assert_eq!(
        ask(&service, of_user("o3", 2)).await,
        Reply::text("x".repeat(1500))
    );
    // A reply larger than the whole capacity keeps the parts that fit.
    keep(&pick_up, of_user("o5", 1), Reply::text("y".repeat(6000)))
        .await
        .unwrap();
    let reply = ask(&service, of_user("o5", 2)).await;
    assert_eq!(reply.as_text().unwrap().trim_end_matches('y'), "");
    assert!(
        format!("{memory:?}").contains("max_bytes: 4500"),
        "{memory:?}"
    );

    keep(&pick_up, of_user("o6", 1), Reply::text("old"))
        .await
        .unwrap();
    clock.advance(HOUR - Duration::from_secs(1));
    keep(&pick_up, of_user("o6", 1), Reply::text("new"))
        .await
        .unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&service, of_user("o6", 2)).await, Reply::text("new"));
    clock.advance(HOUR);
    let _ = ask(&service, of_user("o6", 3)).await;
    assert!(
        format!("{memory:?}").contains("users: 0, bytes: 0"),
        "{memory:?}"
    );
    assert!(clock.monotonic() > HOUR);
}

/// Looks at the store for each line of the log, as an application's own subscriber may.
struct Looks(MemoryPickUpStore, mpsc::Sender<String>);

impl Write for Looks {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let Self(memory, lines) = self;
        lines.send(format!("{memory:?}")).unwrap();
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn dropped_parts_are_logged_without_the_lock() {
    let memory = MemoryPickUpStore::new().max_bytes(3000);
    let (lines, seen) = mpsc::channel();
    let logs = memory.clone();
    std::thread::spawn(move || {
        let subscriber = tracing_subscriber::fmt().with_writer({
            let logs = logs.clone();
            move || Looks(logs.clone(), lines.clone())
        });
        let _second = crate::support::second_subscriber();
        let _listens = tracing::subscriber::set_default(subscriber.finish());
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            for openid in ["o1", "o2"] {
                let parts = vec![Reply::text("x".repeat(2000))];
                let appid = AppId::new(APPID).unwrap();
                logs.put(&appid, openid, parts, 9, HOUR).await.unwrap();
            }
        });
    });
    let line = seen.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(line.contains("users: 1"), "{line}");
}

#[tokio::test]
async fn replies_that_cannot_be_deferred_are_rejected() {
    let pick_up = PickUp::new();
    for reply in [
        Reply::transfer_customer_service(),
        Reply::acknowledged(0, "success"),
    ] {
        let error = keep(&pick_up, text(1), reply).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "reply can only answer its push, before the deadline"
        );
    }
    let nobody = message_of(APPID, "<xml><MsgType>text</MsgType></xml>".into());
    let error = keep(&pick_up, nobody, Reply::text("late"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "message has no sender");
}

/// A store that fails as configured.
#[derive(Clone)]
struct Faulty(fn() -> Fault, Arc<AtomicUsize>);

enum Fault {
    Fails,
    Panics,
    Hangs,
}

impl PickUpStore for Faulty {
    async fn put(
        &self,
        _: &AppId,
        _: &str,
        parts: Vec<Reply>,
        _: usize,
        _: Duration,
    ) -> Result<usize, StoreError> {
        Ok(parts.len())
    }

    async fn give_back(&self, _: &AppId, _: &str, _: &DedupKey) -> Result<(), StoreError> {
        Ok(())
    }

    async fn take(&self, _: &AppId, _: &str, _: &DedupKey) -> Result<Option<Taken>, StoreError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        match (self.0)() {
            Fault::Fails => Err(StoreError::new("it is gone")),
            Fault::Panics => panic!("in the host's store"),
            Fault::Hangs => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_panics_or_hangs_delays_no_message() {
    for (fault, waited) in [
        ((|| Fault::Fails) as fn() -> Fault, 0.0),
        (|| Fault::Panics, 0.0),
        (|| Fault::Hangs, 0.5),
    ] {
        let asked = Arc::new(AtomicUsize::new(0));
        let pick_up = PickUp::new().store(Faulty(fault, asked.clone()));
        let service = DeadlineLayer::ack()
            .pick_up(pick_up)
            .layer(instant(&Tally::default()));
        let start = tokio::time::Instant::now();
        assert_eq!(ask(&service, text(1)).await, Reply::text("1"));
        // The timer has millisecond resolution.
        let elapsed = start.elapsed().saturating_sub(seconds(waited));
        assert!(
            start.elapsed() >= seconds(waited) && elapsed <= seconds(0.001),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

/// An in-memory store whose first calls fail after they had their effect.
#[derive(Clone)]
struct Broken {
    memory: MemoryPickUpStore,
    failures: Arc<AtomicUsize>,
    is_logged: bool,
}

impl Broken {
    fn answer<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        let fails = |failures: usize| failures.checked_sub(1);
        let order = Ordering::SeqCst;
        match (
            self.failures.fetch_update(order, order, fails),
            self.is_logged,
        ) {
            (Err(_), _) => answer,
            (Ok(_), false) => Err(StoreError::new("it is gone")),
            (Ok(_), true) => Err(StoreError::logged("it is gone")),
        }
    }
}

impl PickUpStore for Broken {
    async fn put(
        &self,
        appid: &AppId,
        openid: &str,
        parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> Result<usize, StoreError> {
        self.memory
            .put(appid, openid, parts, max_parts, max_age)
            .await
    }

    async fn take(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<Option<Taken>, StoreError> {
        self.answer(self.memory.take(appid, openid, message).await)
    }

    async fn give_back(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<(), StoreError> {
        self.answer(Ok(()))?;
        self.memory.give_back(appid, openid, message).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_is_given_back_to_a_store_that_fails_for_a_moment() {
    for is_logged in [false, true] {
        let store = Broken {
            memory: MemoryPickUpStore::new(),
            failures: Arc::new(AtomicUsize::new(3)),
            is_logged,
        };
        let pick_up = PickUp::new().store(store);
        keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
        let service = DeadlineLayer::ack()
            .pick_up(pick_up)
            .layer(instant(&Tally::default()));
        let log = Log::default();
        let _listens = log.listen();
        assert_eq!(ask(&service, text(2)).await, Reply::text("1"));
        tokio::time::sleep(seconds(6.0)).await;
        assert_eq!(ask(&service, text(3)).await, Reply::text("late"));
        let text = log.text();
        assert_eq!(
            text.contains("the store of late replies failed"),
            !is_logged
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_connection_closed_is_still_handled() {
    let tally = Tally::default();
    let asked = Arc::new(AtomicUsize::new(0));
    let pick_up = PickUp::new().store(Faulty(|| Fault::Hangs, asked));
    let service = DeadlineLayer::ack().pick_up(pick_up).layer(instant(&tally));
    let gone = send(&service, text(1));
    tokio::time::sleep(seconds(0.1)).await;
    gone.abort();
    assert_eq!(tally.started(), 0);
    tokio::time::sleep(seconds(1.0)).await;
    assert_eq!(tally.started(), 1);
}

#[tokio::test]
async fn a_mini_program_takes_no_parts() {
    let pick_up = PickUp::new();
    let kept = pick_up.clone();
    let handler = handler_fn(move |message: Message| {
        let kept = kept.clone();
        async move {
            let refused = keep(&kept, message, Reply::text("late")).await.unwrap_err();
            assert_eq!(refused.to_string(), "message is from a mini-program");
            Reply::none()
        }
    });
    let keys = CallbackKeys::plaintext("thetoken").unwrap().mini_program();
    let recipient = keys.for_app(AppId::new(APPID).unwrap());
    let service = DeadlineLayer::ack().pick_up(pick_up.clone()).layer(handler);
    let callback = tower_wechat::Callback::new(recipient, service).clock(clock());
    let response = super::support::push("n", document(&text_fields(1)));
    let response = callback.oneshot(response).await.unwrap();
    assert_eq!(response.status(), 200);
}
