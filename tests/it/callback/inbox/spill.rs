//! A late message is stored before it is acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_wechat::callback::deadline::{DeadlineLayer, LateReply};
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::callback::inbox::{Inbox, InboxLayer};
use tower_wechat::{BoxError, Message, Reply};

use super::support::{Notes, TestStore, depth, memory, of};
use crate::callback::support::{APPID, document, handler, message_of, seconds};

#[tokio::test(start_paused = true)]
async fn a_handler_in_time_does_not_use_the_store() {
    let (store, notes) = (TestStore::new(memory()), Notes::default());
    let deadline = DeadlineLayer::ack().inbox(Inbox::new(store.clone()));
    let service = deadline.layer(notes.handler(seconds(4.4)));
    // The workers look for what an earlier process has left.
    sleep(seconds(0.1)).await;
    let reply = service.oneshot(of("o1", 1)).await.unwrap();
    assert_eq!(reply, Reply::text("1"));
    sleep(seconds(60.0)).await;
    assert!(store.calls().is_empty(), "{:?}", store.calls());
}

#[tokio::test(start_paused = true)]
async fn a_late_message_is_stored_until_its_reply_is_delivered() {
    let (store, notes) = (TestStore::new(memory()), Notes::default());
    let inbox = Inbox::new(store.clone());
    let deadline = DeadlineLayer::ack().late(notes.hook()).inbox(inbox.clone());
    let service = DedupLayer::new().layer(deadline.layer(notes.handler(seconds(60.0))));
    sleep(seconds(0.1)).await;
    let start = Instant::now();
    let reply = service.clone().oneshot(of("o1", 1)).await.unwrap();
    assert_eq!(
        (reply, start.elapsed().as_millis() / 10),
        (Reply::none(), 450)
    );
    assert_eq!((store.calls(), depth(&store.inner).await), (vec!["put"], 1));
    assert_eq!(inbox.running(), 1);
    // Longer than the lease: it is renewed, and nobody else runs the message.
    sleep(seconds(50.0)).await;
    assert_eq!(notes.all(), ["start 1"]);
    sleep(seconds(20.0)).await;
    assert_eq!(notes.all(), ["start 1", "end 1", "late 1"]);
    assert_eq!((depth(&store.inner).await, inbox.running()), (0, 0));
    assert_eq!(store.calls(), ["put", "finish"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_late_runs_again_with_growing_pauses() {
    let (store, notes) = (memory(), Notes::default());
    let inbox = Inbox::new(store.clone()).tries(4);
    let start = Instant::now();
    let failing = {
        let notes = notes.clone();
        service_fn(move |message: Message| {
            let notes = notes.clone();
            async move {
                sleep(seconds(5.0)).await;
                notes.add(format!(
                    "{} at {}",
                    message.attempt(),
                    start.elapsed().as_secs()
                ));
                match message.attempt() {
                    1 => Err("no"),
                    2 => panic!("in the host's handler"),
                    3 => Ok(Reply::text("done")),
                    _ => unreachable!(),
                }
            }
        })
    };
    let deadline = DeadlineLayer::ack().late(notes.hook()).inbox(inbox.clone());
    let reply = deadline.layer(failing).oneshot(of("o1", 1)).await.unwrap();
    assert_eq!(reply, Reply::none());
    sleep(seconds(60.0)).await;
    assert_eq!(notes.all(), ["1 at 5", "2 at 11", "3 at 20", "late done"]);
    let stats = inbox.stats().await.unwrap();
    assert_eq!((stats.depth, stats.runs, stats.retries), (0, 2, 2));
    assert_eq!((stats.stored, stats.dead_letters), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn only_the_reply_is_sent_again_after_the_hook_fails() {
    let (store, notes) = (memory(), Notes::default());
    let sent = Arc::new(AtomicUsize::new(0));
    let hook = {
        let (notes, sent) = (notes.clone(), Arc::clone(&sent));
        service_fn(move |late: LateReply| {
            let number = sent.fetch_add(1, Ordering::SeqCst);
            notes.add(format!("send {}", late.reply.as_text().unwrap()));
            async move {
                match number {
                    0 => Err::<(), BoxError>("the network is gone".into()),
                    _ => Ok(()),
                }
            }
        })
    };
    let deadline = DeadlineLayer::ack()
        .late(hook)
        .inbox(Inbox::new(store.clone()));
    let service = deadline.layer(notes.handler(seconds(5.0)));
    service.oneshot(of("o1", 1)).await.unwrap();
    sleep(seconds(60.0)).await;
    assert_eq!(notes.all(), ["start 1", "end 1", "send 1", "send 1"]);
    assert_eq!(depth(&store).await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_success_does_not_answer_is_answered_by_its_handler() {
    let store = TestStore::new(memory());
    let inbox = Inbox::new(store.clone()).inline_events(["my_event"]);
    let acknowledges = handler(&Default::default(), seconds(30.0), |_| {
        Ok(Reply::acknowledged(0, "success"))
    });
    let service = DeadlineLayer::ack().inbox(inbox).layer(acknowledges);
    sleep(seconds(0.1)).await;
    for event in ["xpay_goods_deliver_notify", "my_event"] {
        let fields = format!("<MsgType>event</MsgType><Event>{event}</Event>");
        let message = message_of(APPID, document(&fields));
        let reply = service.clone().oneshot(message).await.unwrap();
        assert_eq!(reply, Reply::acknowledged(0, "success"));
    }
    assert!(store.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_a_push_that_was_stored_before_a_crash_joins_its_entry() {
    let (store, notes) = (memory(), Notes::default());
    // A process that stores messages, and dies before it handles them.
    let before = Inbox::new(store.clone());
    before.close(async {}).await;
    let before = InboxLayer::new(before).layer(notes.handler(seconds(0.0)));
    for id in [1, 2] {
        before.clone().oneshot(of("o1", id)).await.unwrap();
    }
    let deadline = DeadlineLayer::ack().late(notes.hook());
    let after = deadline.inbox(Inbox::new(store.clone()));
    let after = after.layer(notes.handler(seconds(2.0)));
    let reply = after.clone().oneshot(of("o1", 2)).await.unwrap();
    assert_eq!(reply, Reply::none());
    // A new message does not wait for those that are left.
    let reply = after.clone().oneshot(of("o1", 3)).await.unwrap();
    assert_eq!(reply, Reply::text("3"));
    sleep(seconds(10.0)).await;
    let mut handled = notes.all();
    handled.retain(|note| note.starts_with("late"));
    assert_eq!(handled, ["late 1", "late 2"]);
    let reply = after.oneshot(of("o1", 2)).await.unwrap();
    assert_eq!(reply, Reply::none());
    assert_eq!(depth(&store).await, 0);
}
