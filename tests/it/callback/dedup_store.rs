//! Deduplication over several instances that share a store.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tower::{Layer, ServiceExt};
use tower_wechat::callback::dedup::{
    Claimed, Dedup, DedupKey, DedupLayer, DedupStore, MemoryDedupStore, PushKey,
};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::shared::{Owner, SharedState};
use tower_wechat::{BoxFuture, ManualClock, Message, Reply, Runtime, Wechat, handler_fn};

use super::support::{
    Fault, Handler, NOW, Platform, Tally, TestStore, counting, handler, seconds, send, text,
    text_document,
};
use crate::log::Log;
use crate::support::settle;

const CLAIM: Duration = Duration::from_secs(4);

/// Returns an instance whose handler replies with the number of the call over all instances.
fn instance(store: &TestStore, tally: &Tally, work: f64) -> Dedup<Handler> {
    let layer = DedupLayer::new().store(store.clone());
    layer.layer(counting(tally, seconds(work)))
}

#[tokio::test(start_paused = true)]
async fn instances_that_share_a_store_handle_a_message_once() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let instance = || {
        let layer = DedupLayer::new().store(store.clone());
        layer.layer(handler(&tally, seconds(2.0), |number| match number {
            1 => panic!("the first time"),
            number => Ok(Reply::text(format!("{number}"))),
        }))
    };
    let (one, two) = (instance(), instance());
    let error = one.clone().oneshot(text(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "the handler panicked");
    settle().await;
    let first = send(&one, text(1));
    settle().await;
    let second = send(&two, text(1));
    assert_eq!(first.await.unwrap().unwrap(), Reply::text("2"));
    assert_eq!(second.await.unwrap().unwrap(), Reply::text("2"));
    assert_eq!(instance().oneshot(text(1)).await.unwrap(), Reply::text("2"));
    assert_eq!(tally.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_second_or_third_send_gets_the_reply_of_a_slow_handler_on_another_instance() {
    // The instances that the three sends reach. The last is the one that waits already.
    for (work, reached) in [(7.0, [0, 1, 2]), (12.0, [0, 1, 2]), (12.0, [0, 1, 1])] {
        let (tally, store) = (Tally::default(), TestStore::default());
        let instances = [(); 3].map(|()| instance(&store, &tally, work));
        let began = Instant::now();
        let mut answered = None;
        for (number, at) in reached.into_iter().enumerate() {
            let send = timeout(seconds(5.0), instances[at].clone().oneshot(text(1)));
            if let Ok(reply) = send.await {
                answered = Some((number, reply.unwrap()));
                break;
            }
        }
        let number = if work < 10.0 { 1 } else { 2 };
        assert_eq!(answered, Some((number, Reply::text("1"))), "{work}");
        let took = began.elapsed();
        assert!(
            (work..work + 0.25).contains(&took.as_secs_f64()),
            "{took:?}"
        );
        assert_eq!(tally.started(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_seen_here_asks_nobody_and_a_fast_one_costs_one_claim() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let dedup = instance(&store, &tally, 0.9);
    for _ in 0..3 {
        dedup.clone().oneshot(text(1)).await.unwrap();
    }
    settle().await;
    assert_eq!(store.calls(), ["claim", "finish"]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_renewed_each_second_also_after_the_connection_closed() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let (one, two) = (instance(&store, &tally, 9.5), instance(&store, &tally, 0.0));
    let connection = timeout(seconds(2.5), one.oneshot(text(1)));
    assert!(connection.await.is_err());
    sleep(seconds(6.0)).await;
    let renewals = store
        .calls()
        .iter()
        .filter(|call| **call == "renew")
        .count();
    assert_eq!(renewals, 8);
    assert_eq!(two.oneshot(text(1)).await.unwrap(), Reply::text("1"));
    assert_eq!(tally.started(), 1);
}

/// A runtime that drops every task, like one that is shutting down.
struct Stopped;

impl Runtime for Stopped {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(sleep(duration))
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_send_runs_a_push_whose_instance_died() {
    for died in [0.5, 3.9, 4.9] {
        let (tally, store) = (Tally::default(), TestStore::default());
        let layer = DedupLayer::new().runtime(Stopped).store(store.clone());
        let dying = layer.layer(counting(&tally, seconds(9.0)));
        let began = Instant::now();
        assert!(
            timeout(seconds(died), dying.oneshot(text(1)))
                .await
                .is_err()
        );
        sleep(seconds(5.0) - began.elapsed()).await;
        let next = instance(&store, &tally, 0.1).oneshot(text(1));
        // Before the platform stops waiting for this send.
        let reply = timeout(seconds(4.5), next).await.unwrap();
        assert_eq!(reply.unwrap(), Reply::text("2"), "{died}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_claim_does_not_release_the_claim_of_another_instance() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let instance = |store: TestStore| {
        let layer = DedupLayer::new().store(store);
        layer.layer(handler(&tally, seconds(3.0), |number| match number {
            1 => Err("the database is gone".into()),
            number => Ok(Reply::text(format!("{number}"))),
        }))
    };
    let failing = send(&instance(store.with(Fault::HangsIn("claim"))), text(1));
    // Before the first one's renewal, which would find the push free.
    sleep(seconds(1.2)).await;
    let claimed = send(&instance(store.clone()), text(1));
    let error = failing.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the database is gone");
    let third = send(&instance(store.clone()), text(1));
    assert_eq!(claimed.await.unwrap().unwrap(), Reply::text("2"));
    assert_eq!(third.await.unwrap().unwrap(), Reply::text("2"));
    assert_eq!(tally.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_push_fails_when_another_instance_runs_it_for_too_long() {
    // However slow the store is, the wait is measured by the time that passes.
    for delay in [0.0, 0.45] {
        let (tally, store) = (Tally::default(), TestStore::slow(seconds(delay)));
        let layer = DedupLayer::new().store(store.clone());
        let long = layer.layer(handler_fn(|_: Message| pending::<()>()));
        send(&long, text(1));
        sleep(seconds(1.0)).await;
        let began = Instant::now();
        let waiting = instance(&store, &tally, 1.0).oneshot(text(1));
        let error = waiting.await.unwrap_err();
        assert_eq!(error.to_string(), "the run that this push joined failed");
        let took = began.elapsed().as_secs_f64();
        assert!((15.0..16.0).contains(&took), "{took}");
        assert_eq!(tally.started(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_hangs_or_panics_is_bypassed() {
    for fault in [Fault::Fails, Fault::Logged, Fault::Hangs, Fault::Panics] {
        let tally = Tally::default();
        let dedup = instance(&TestStore::default().with(fault), &tally, 1.0);
        let began = Instant::now();
        for _ in 0..2 {
            let reply = dedup.clone().oneshot(text(1)).await.unwrap();
            assert_eq!(reply, Reply::text("1"));
        }
        let took = began.elapsed().as_secs_f64();
        assert!(took <= 1.51, "{took}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_does_not_wait_until_the_end_is_stored() {
    let tally = Tally::default();
    let dedup = instance(
        &TestStore::default().with(Fault::HangsIn("finish")),
        &tally,
        1.0,
    );
    let began = Instant::now();
    assert_eq!(dedup.oneshot(text(1)).await.unwrap(), Reply::text("1"));
    assert_eq!(began.elapsed(), seconds(1.0));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_logged_unless_the_store_has_logged_it() {
    for (fault, lines) in [(Fault::Fails, 3), (Fault::Logged, 0)] {
        let log = Log::default();
        let _listening = log.listen();
        // With a claim, several renewals that count once, and an end.
        let dedup = instance(&TestStore::default().with(fault), &Tally::default(), 3.5);
        dedup.oneshot(text(1)).await.unwrap();
        settle().await;
        let text = log.text();
        assert_eq!(
            text.matches("the store of finished pushes failed").count(),
            lines,
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_that_waits_for_another_instance_waits_for_the_store_too() {
    for (returns, expected) in [(true, "1"), (false, "2")] {
        let (tally, store) = (Tally::default(), TestStore::default());
        let first = send(&instance(&store, &tally, 7.0), text(1));
        sleep(seconds(5.0)).await;
        let second = send(&instance(&store, &tally, 7.0), text(1));
        sleep(seconds(1.0)).await;
        store.set_fault(Some(Fault::Fails));
        sleep(seconds(0.5)).await;
        if returns {
            store.set_fault(None);
        }
        // Without the store, the reply of the other instance cannot be found.
        assert_eq!(second.await.unwrap().unwrap(), Reply::text(expected));
        assert_eq!(first.await.unwrap().unwrap(), Reply::text("1"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_push_is_remembered_longer_than_its_signature_is_accepted() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let one = instance(&store, &tally, 0.0);
    one.clone().oneshot(text(1)).await.unwrap();
    settle().await;
    sleep(seconds(1499.0)).await;
    let two = instance(&store, &tally, 0.0);
    assert_eq!(two.oneshot(text(1)).await.unwrap(), Reply::text("1"));
    sleep(seconds(2.0)).await;
    let three = instance(&store, &tally, 0.0);
    assert_eq!(three.oneshot(text(1)).await.unwrap(), Reply::text("2"));
}

#[tokio::test(start_paused = true)]
async fn a_wider_timestamp_window_makes_the_record_live_longer() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let platform = Platform::new(tower_wechat::callback::Mode::Secure);
    let push = platform.push(&text_document(NOW, 1));
    let callback = || {
        let callback = platform.callback(instance(&store, &tally, 0.0));
        callback.timestamp_window(Some(Duration::from_secs(3600)))
    };
    push.send(&callback()).await;
    settle().await;
    sleep(seconds(7202.0)).await;
    assert_eq!(push.send(&callback()).await.status(), 200);
    assert_eq!(tally.started(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_asks_for_a_retry_is_remembered_for_the_window_only() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let instance = || {
        let layer = DedupLayer::new().store(store.clone());
        layer.layer(handler(&tally, Duration::ZERO, |number| match number {
            1 => Ok(Reply::acknowledged(1, "later")),
            _ => Ok(Reply::acknowledged(0, "success")),
        }))
    };
    for (pause, code) in [(0.0, 1), (59.0, 1), (2.0, 0), (1000.0, 0)] {
        sleep(seconds(pause)).await;
        let reply = instance().oneshot(text(1)).await.unwrap();
        let text = if code == 0 { "success" } else { "later" };
        assert_eq!(reply, Reply::acknowledged(code, text), "{pause}");
        settle().await;
    }
    assert_eq!(tally.started(), 2);
}

fn push(id: usize) -> PushKey {
    PushKey::from_message(&text(id))
}

#[tokio::test]
async fn the_memory_store_compares_the_owner() {
    let clock = ManualClock::at_unix(NOW);
    let store = MemoryDedupStore::new().clock(clock.clone());
    let (one, two, push) = (Owner::new(), Owner::new(), push(1));
    let life = Duration::from_secs(1500);
    let claim = async |owner| store.claim(&push, owner, CLAIM).await.unwrap();
    assert_eq!(claim(&one).await, Claimed::Granted);
    assert_eq!(claim(&one).await, Claimed::Granted);
    assert_eq!(claim(&two).await, Claimed::Running);
    assert!(!store.renew(&push, &two, CLAIM).await.unwrap());
    store.release(&push, &two).await.unwrap();
    store
        .finish(&push, &two, &Reply::text("2"), life)
        .await
        .unwrap();
    assert_eq!(claim(&two).await, Claimed::Running);
    clock.advance(CLAIM);
    // A claim that ended while nobody holds the push is taken again, and so is its end recorded.
    assert!(store.renew(&push, &one, CLAIM).await.unwrap());
    clock.advance(CLAIM);
    assert_eq!(claim(&two).await, Claimed::Granted);
    assert!(!store.renew(&push, &one, CLAIM).await.unwrap());
    clock.advance(CLAIM);
    store
        .finish(&push, &two, &Reply::text("2"), life)
        .await
        .unwrap();
    let finished = Claimed::Finished(Reply::text("2"));
    assert_eq!(claim(&one).await, finished);
    store
        .finish(&push, &one, &Reply::text("1"), life)
        .await
        .unwrap();
    store.release(&push, &two).await.unwrap();
    assert!(!store.renew(&push, &two, CLAIM).await.unwrap());
    assert_eq!(claim(&one).await, finished);
    clock.advance(life);
    assert_eq!(claim(&one).await, Claimed::Granted);
    store.release(&push, &one).await.unwrap();
    assert_eq!(claim(&two).await, Claimed::Granted);
}

#[tokio::test]
async fn the_memory_store_is_bounded() {
    let store = MemoryDedupStore::new().capacity(100);
    let owner = Owner::new();
    for id in 0..10_000 {
        let (push, reply) = (push(id), Reply::none());
        store.claim(&push, &owner, CLAIM).await.unwrap();
        let end = store.finish(&push, &owner, &reply, CLAIM);
        end.await.unwrap();
    }
    assert_eq!(format!("{store:?}"), "MemoryDedupStore { pushes: 100, .. }");
    let last = store.claim(&push(9_900), &owner, CLAIM).await.unwrap();
    assert_eq!(last, Claimed::Finished(Reply::none()));
    let evicted = store.claim(&push(9_899), &owner, CLAIM).await.unwrap();
    assert_eq!(evicted, Claimed::Granted);
}

#[test]
fn pushes_of_two_apps_have_two_keys() {
    let message = text(1);
    let key = PushKey::from_message(&message);
    assert_eq!(
        key,
        PushKey::new(message.appid().clone(), DedupKey::new(&message))
    );
}

#[tokio::test]
async fn the_routes_of_several_handles_share_the_bundle() {
    let (sandbox, tally, state) = (Sandbox::new(), Tally::default(), SharedState::memory());
    let routes = || {
        let app = sandbox.app_configs().remove(0);
        let builder = Wechat::builder().transport(sandbox.clone());
        let wechat = builder.app(app).shared(state.clone()).build().unwrap();
        let handler = counting(&tally, Duration::ZERO);
        wechat.routes().on_message(handler).prefix("/v1/service/wx")
    };
    let user = sandbox.user("Hui");
    let message = tower_wechat::sandbox::Push::text(&user, "hi");
    for _ in 0..3 {
        let delivery = sandbox.push(message.clone(), routes()).await;
        assert_eq!(delivery.reply().unwrap().text(), Some("1"));
    }
    assert_eq!(tally.started(), 1);
}
