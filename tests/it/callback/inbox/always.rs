//! Each message is stored, acknowledged and then handled.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_wechat::callback::deadline::LateReply;
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::callback::inbox::{
    Inbox, InboxLayer, InboxService, InboxStore, NotStored, Taken,
};
use tower_wechat::shared::Owner;
use tower_wechat::{BoxError, Message, Reply};

use super::support::{Fault, Notes, TestStore, depth, memory, of};
use crate::callback::support::{
    APPID, Handler, Tally, counting, document, handler, instant, message_of, seconds,
};
use crate::log::Log;

async fn put(service: &InboxService<Handler>, message: Message) {
    assert_eq!(
        service.clone().oneshot(message).await.unwrap(),
        Reply::none()
    );
}

#[tokio::test(start_paused = true)]
async fn messages_are_acknowledged_at_once_and_run_in_order_for_each_user() {
    let (store, notes) = (memory(), Notes::default());
    let layer = InboxLayer::new(Inbox::new(store.clone())).late(notes.hook());
    let service = layer.layer(notes.handler(seconds(10.0)));
    let start = Instant::now();
    for (user, id) in [("o1", 1), ("o1", 2), ("o2", 3)] {
        put(&service, of(user, id)).await;
    }
    assert_eq!((start.elapsed(), depth(&store).await), (Duration::ZERO, 3));
    sleep(seconds(60.0)).await;
    assert_eq!(depth(&store).await, 0);
    let all = notes.all();
    assert_eq!(all[..2], ["start 1", "start 3"]);
    let first_user = all.iter().filter(|note| !note.ends_with('3'));
    let expected = ["start 1", "end 1", "late 1", "start 2", "end 2", "late 2"];
    assert!(first_user.eq(&expected), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_retried_push_joins_its_entry() {
    let (store, tally) = (memory(), Tally::default());
    let service = InboxLayer::new(Inbox::new(store.clone())).layer(counting(&tally, seconds(5.0)));
    for _ in 0..3 {
        put(&service, of("o1", 1)).await;
        assert_eq!(depth(&store).await, 1);
        sleep(seconds(1.0)).await;
    }
    sleep(seconds(10.0)).await;
    // Finished, and remembered, also by another process.
    let other = InboxLayer::new(Inbox::new(store.clone())).layer(counting(&tally, seconds(5.0)));
    for service in [&service, &other] {
        put(service, of("o1", 1)).await;
    }
    assert_eq!((depth(&store).await, tally.started()), (0, 1));
    sleep(seconds(75.0)).await;
    put(&service, of("o1", 1)).await;
    sleep(seconds(10.0)).await;
    assert_eq!(tally.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_keeps_failing_becomes_a_dead_letter_that_can_be_run_again_or_dropped() {
    let (store, tally) = (memory(), Tally::default());
    let inbox = Inbox::new(store.clone()).tries(3);
    let fails = handler(&tally, seconds(1.0), |number| match number {
        1..=6 => Err("the database is gone".into()),
        _ => Ok(Reply::none()),
    });
    let service = InboxLayer::new(inbox.clone()).layer(fails);
    put(&service, of("o1", 1)).await;
    put(&service, of("o1", 2)).await;
    sleep(seconds(60.0)).await;
    let letters = inbox.dead_letters(10).await.unwrap();
    let keys = [1, 2].map(|id| DedupKey::new(&of("o1", id)));
    assert!(letters.iter().map(|letter| letter.key().dedup).eq(keys));
    let first = &letters[0];
    assert_eq!(
        (first.attempts(), first.error()),
        (3, "the database is gone")
    );
    assert_eq!(first.message().unwrap().msg_id(), Some("1"));
    assert!(!format!("{first:?}").contains("o1"), "{first:?}");
    let stats = inbox.stats().await.unwrap();
    assert_eq!((stats.depth, stats.dead_letters, stats.buried), (0, 2, 2));
    assert_eq!((stats.runs, stats.retries), (6, 4));
    // Its key is known, so a push of it is acknowledged.
    put(&service, of("o1", 1)).await;
    assert_eq!(depth(&store).await, 0);

    assert!(inbox.run_again(first.key()).await.unwrap());
    assert!(inbox.discard(letters[1].key()).await.unwrap());
    sleep(seconds(10.0)).await;
    assert_eq!(
        (tally.ended(), inbox.dead_letters(10).await.unwrap().len()),
        (7, 0)
    );
    assert!(!inbox.run_again(first.key()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_ends_each_process_is_given_up() {
    let store = memory();
    let first = Inbox::new(store.clone());
    first.close(async {}).await;
    let tally = Tally::default();
    put(&InboxLayer::new(first).layer(instant(&tally)), of("o1", 1)).await;
    for _ in 0..3 {
        // A process takes the message, and dies with it.
        let owner = Owner::new();
        let taken = store.take(&owner, Duration::ZERO).await.unwrap();
        assert!(matches!(taken, Taken::Entry(_)));
    }
    let inbox = Inbox::new(store).tries(3);
    let _service = InboxLayer::new(inbox.clone()).layer(instant(&tally));
    sleep(seconds(1.0)).await;
    let letters = inbox.dead_letters(10).await.unwrap();
    assert_eq!(letters[0].error(), "the process ended during each try");
    assert_eq!(tally.started(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failing_message_holds_back_its_user_only() {
    let (store, notes) = (memory(), Notes::default());
    let fails_once = {
        let notes = notes.clone();
        service_fn(move |message: Message| {
            let id = message.msg_id().unwrap().to_owned();
            notes.add(format!("{id}:{}", message.attempt()));
            async move {
                match (&*id, message.attempt()) {
                    ("1", 1) => Err::<(), BoxError>("no".into()),
                    _ => Ok(()),
                }
            }
        })
    };
    let service = InboxLayer::new(Inbox::new(store)).layer(fails_once);
    for (user, id) in [("o1", 1), ("o1", 2), ("o2", 3)] {
        service.clone().oneshot(of(user, id)).await.unwrap();
    }
    sleep(seconds(10.0)).await;
    assert_eq!(notes.all(), ["1:1", "3:1", "1:2", "2:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_cannot_be_sent_is_named_and_counted() {
    let log = Log::default();
    let _listens = log.listen();
    let tally = Tally::default();
    let hook = service_fn(|_: LateReply| async { Ok::<_, BoxError>(()) });
    let cases = [
        (Reply::text("secret text"), false, "kind=\"text\""),
        (
            Reply::transfer_customer_service(),
            true,
            "kind=\"transfer_customer_service\"",
        ),
    ];
    for (reply, has_hook, logged) in cases {
        let inbox = Inbox::new(memory());
        let mut layer = InboxLayer::new(inbox.clone());
        if has_hook {
            layer = layer.late(hook);
        }
        let service = layer.layer(handler(&tally, seconds(0.1), move |_| Ok(reply.clone())));
        put(&service, of("o1", 1)).await;
        sleep(seconds(5.0)).await;
        let stats = inbox.stats().await.unwrap();
        assert_eq!((stats.depth, stats.unsent, stats.retries), (0, 1, 0));
        assert!(log.text().contains(logged), "{}", log.text());
    }
    assert!(!log.text().contains("secret text") && !log.text().contains("o1"));
    assert!(log.text().contains("wechat.inbox") && log.text().contains("attempt=1"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_is_not_acknowledged() {
    for fault in [Fault::Fails, Fault::Hangs, Fault::Full, Fault::Panics] {
        let (store, tally) = (TestStore::new(memory()), Tally::default());
        let inbox = Inbox::new(store.clone());
        let service = InboxLayer::new(inbox.clone()).layer(instant(&tally));
        store.fail(fault);
        let start = Instant::now();
        let error = service.clone().oneshot(of("o1", 1)).await.unwrap_err();
        assert!(error.get_ref().is::<NotStored>(), "{error}");
        assert!(start.elapsed() <= seconds(0.41));
        assert_eq!(inbox.stats().await.unwrap().refused, 1);
        store.fail(None);
        put(&service, of("o1", 1)).await;
        sleep(seconds(1.0)).await;
        assert_eq!(tally.started(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_success_does_not_answer_runs_in_line() {
    let store = TestStore::new(memory());
    let layer = InboxLayer::new(Inbox::new(store.clone()));
    let service = layer.layer(handler(&Tally::default(), seconds(1.0), |_| {
        Ok(Reply::acknowledged(0, "success"))
    }));
    let fields = "<MsgType>event</MsgType><Event>xpay_refund_notify</Event>";
    let reply = service
        .oneshot(message_of(APPID, document(fields)))
        .await
        .unwrap();
    assert_eq!(reply, Reply::acknowledged(0, "success"));
    assert!(store.calls().is_empty());
}

#[test]
fn outside_of_a_runtime_nothing_is_acknowledged_and_the_workers_start_with_a_message() {
    let tally = Tally::default();
    let service = InboxLayer::new(Inbox::new(memory_without_a_runtime())).layer(instant(&tally));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        put(&service, of("o1", 1)).await;
        sleep(seconds(0.1)).await;
    });
    assert_eq!(tally.started(), 1);
}

fn memory_without_a_runtime() -> tower_wechat::callback::inbox::MemoryInboxStore {
    Default::default()
}
