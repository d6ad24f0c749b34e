//! A late reply waits until its user writes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tower::{Layer, Service, ServiceExt};
use tower_wechat::callback::deadline::{DeadlineLayer, LateReply};
use tower_wechat::callback::once::{OnceKey, OnceLayer};
use tower_wechat::callback::pick_up::{PickUp, PickUpMemory, PickUpStore, Taken};
use tower_wechat::callback::{Article, HandlerError};
use tower_wechat::{AppId, BoxError, CallbackKeys, Clock, ManualClock, Message, Reply, handler_fn};

use super::stage::{
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
async fn the_next_message_is_answered_with_it_and_not_handled() {
    let tally = Tally::default();
    let deadline = DeadlineLayer::ack()
        .placeholder(|_| "wait")
        .pick_up(PickUp::new());
    let service = OnceLayer::new().layer(deadline.layer(counting(&tally, seconds(8.0))));
    assert_eq!(ask(&service, text(1)).await, Reply::text("wait"));
    tokio::time::sleep(seconds(5.0)).await;
    assert_eq!(ask(&service, text(2)).await, Reply::text("1"));
    assert_eq!(tally.started(), 1);
    // Nothing waits: it is handled.
    assert_eq!(ask(&service, text(3)).await, Reply::text("wait"));
    assert_eq!(tally.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_again_gets_the_same_part() {
    let tally = Tally::default();
    let pick_up = remaining(PickUp::new());
    let deadline = DeadlineLayer::ack().pick_up(pick_up.clone());
    // Without dedup in front, as after a restart or at another instance.
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
async fn a_long_text_comes_in_parts_that_say_how_many_are_left() {
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
async fn only_what_a_user_writes_or_taps_takes_a_part() {
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
    for name in [
        "LOCATION",
        "VIEW",
        "subscribe",
        "SCAN",
        "TEMPLATESENDJOBFINISH",
        "scancode_push",
    ] {
        assert_ne!(
            ask(&service, event(name)).await,
            Reply::text("late"),
            "{name}"
        );
    }
    assert_ne!(ask(&service, of_user("o2", 1)).await, Reply::text("late"));
    let elsewhere = message_of("wx0000000000000002", document(&text_fields(1)));
    assert_ne!(ask(&service, elsewhere).await, Reply::text("late"));
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
async fn a_host_may_have_the_message_handled_too() {
    let tally = Tally::default();
    let pick_up = PickUp::new().handle_too();
    let deadline = DeadlineLayer::ack()
        .placeholder(|_| "wait")
        .pick_up(pick_up.clone());
    let service = OnceLayer::new().layer(deadline.layer(instant(&tally)));
    keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
    // The handler's own reply waits in turn.
    assert_eq!(ask(&service, text(2)).await, Reply::text("late"));
    assert_eq!(tally.started(), 1);
    tokio::task::yield_now().await;
    assert_eq!(ask(&service, text(3)).await, Reply::text("1"));
    tokio::task::yield_now().await;
    assert_eq!(ask(&service, text(4)).await, Reply::text("2"));
    assert_eq!(tally.started(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_late_beside_a_part_gives_it_in_place_of_the_placeholder() {
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
async fn one_that_fails_in_time_fails_the_push_which_gets_the_part_when_it_comes_again() {
    let tally = Tally::default();
    let pick_up = PickUp::new().handle_too();
    let deadline = DeadlineLayer::ack().pick_up(pick_up.clone());
    let fails_first = handler(&tally, seconds(1.0), |number| match number {
        1 => Err("no".into()),
        _ => Ok(Reply::none()),
    });
    let service = OnceLayer::new().layer(deadline.layer(fails_first));
    keep(&pick_up, text(1), Reply::text("late")).await.unwrap();
    assert!(service.clone().oneshot(text(2)).await.is_err());
    assert_eq!(ask(&service, text(2)).await, Reply::text("late"));
    assert_eq!(tally.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_bounded_in_number_bytes_and_age() {
    let clock = clock();
    let memory = PickUpMemory::new().clock(clock.clone()).max_bytes(4000);
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

    // The parts of other users give way, those first that end first.
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
    // One that is larger than all room together keeps what fits.
    keep(&pick_up, of_user("o5", 1), Reply::text("y".repeat(6000)))
        .await
        .unwrap();
    let reply = ask(&service, of_user("o5", 2)).await;
    assert_eq!(reply.as_text().unwrap().trim_end_matches('y'), "");
    assert!(
        format!("{memory:?}").contains("max_bytes: 4000"),
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

#[tokio::test]
async fn what_answers_one_push_alone_or_nobody_is_refused() {
    let pick_up = PickUp::new();
    for reply in [
        Reply::transfer_customer_service(),
        Reply::acknowledged(0, "success"),
    ] {
        let error = keep(&pick_up, text(1), reply).await.unwrap_err();
        assert!(error.to_string().contains("reply"), "{error}");
    }
    let nobody = message_of(APPID, "<xml><MsgType>text</MsgType></xml>".into());
    let error = keep(&pick_up, nobody, Reply::text("late"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("message"), "{error}");
}

/// A store that does what it is told.
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
    ) -> Result<usize, BoxError> {
        Ok(parts.len())
    }

    async fn take(&self, _: &AppId, _: &str, _: &OnceKey) -> Result<Option<Taken>, BoxError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        match (self.0)() {
            Fault::Fails => Err("it is gone".into()),
            Fault::Panics => panic!("in the host's store"),
            Fault::Hangs => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_panics_or_hangs_holds_up_no_message() {
    for fault in [|| Fault::Fails, || Fault::Panics, || Fault::Hangs] {
        let asked = Arc::new(AtomicUsize::new(0));
        let pick_up = PickUp::new().store(Faulty(fault, asked.clone()));
        let service = DeadlineLayer::ack()
            .pick_up(pick_up)
            .layer(instant(&Tally::default()));
        let start = tokio::time::Instant::now();
        assert_eq!(ask(&service, text(1)).await, Reply::text("1"));
        assert!(start.elapsed() <= seconds(0.6), "{:?}", start.elapsed());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_sender_is_gone_is_handled_all_the_same() {
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
async fn a_mini_program_whose_users_see_no_reply_picks_nothing_up() {
    let pick_up = PickUp::new();
    let kept = pick_up.clone();
    let handler = handler_fn(move |message: Message| {
        let kept = kept.clone();
        async move {
            let refused = keep(&kept, message, Reply::text("late")).await.unwrap_err();
            assert!(refused.to_string().contains("mini-program"), "{refused}");
            Reply::none()
        }
    });
    let keys = CallbackKeys::plaintext("thetoken").unwrap().mini_program();
    let recipient = keys.for_app(AppId::new(APPID).unwrap());
    let service = DeadlineLayer::ack().pick_up(pick_up.clone()).layer(handler);
    let callback = tower_wechat::Callback::new(recipient, service).clock(clock());
    let response = super::stage::push("n", document(&text_fields(1)));
    let response = callback.oneshot(response).await.unwrap();
    assert_eq!(response.status(), 200);
}
