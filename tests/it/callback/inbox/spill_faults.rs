//! What cannot be stored is not acknowledged.

use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};
use tower_wechat::callback::Overloaded;
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::callback::inbox::{Inbox, NotStored};
use tower_wechat::{Message, Reply};

use super::support::{Fault, Notes, TestStore, depth, memory, of};
use crate::callback::support::{callback, document, push, seconds, send, text_fields};
use crate::log::Log;

const FAULTS: [Fault; 4] = [Fault::Fails, Fault::Hangs, Fault::Full, Fault::Panics];

fn service(
    store: &TestStore,
    notes: &Notes,
    work: f64,
) -> impl tower::Service<
    Message,
    Response = Reply,
    Error = tower_wechat::callback::HandlerError,
    Future = impl Future<Output = Result<Reply, tower_wechat::callback::HandlerError>> + Send,
> + Clone
+ Send
+ 'static {
    let deadline = DeadlineLayer::ack().late(notes.hook());
    let deadline = deadline.inbox(Inbox::new(store.clone()));
    DedupLayer::new().layer(deadline.layer(notes.handler(seconds(work))))
}

#[tokio::test(start_paused = true)]
async fn a_push_that_cannot_be_stored_fails_and_the_next_one_joins_its_handler() {
    for fault in FAULTS {
        let (store, notes) = (TestStore::new(memory()), Notes::default());
        let service = service(&store, &notes, 7.0);
        sleep(seconds(0.1)).await;
        store.fail(fault);
        let start = Instant::now();
        let error = service.clone().oneshot(of("o1", 1)).await.unwrap_err();
        let waited = start.elapsed().as_millis();
        assert!((4500..4950).contains(&waited), "{waited}");
        let not_stored = error.get_ref().downcast_ref::<NotStored>().unwrap();
        assert_eq!(not_stored.is_full(), fault == Fault::Full);
        // The platform's next push gets the reply of the same handler.
        let reply = service.oneshot(of("o1", 1)).await.unwrap();
        assert_eq!((reply, start.elapsed().as_secs()), (Reply::text("1"), 7));
        sleep(seconds(30.0)).await;
        assert_eq!(notes.all(), ["start 1", "end 1"]);
        assert_eq!(depth(&store.inner).await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_push_is_acknowledged_when_the_store_is_back() {
    for fault in FAULTS {
        let (store, notes) = (TestStore::new(memory()), Notes::default());
        let service = service(&store, &notes, 20.0);
        sleep(seconds(0.1)).await;
        store.fail(fault);
        assert!(service.clone().oneshot(of("o1", 1)).await.is_err());
        store.fail(None);
        let reply = service.clone().oneshot(of("o1", 1)).await.unwrap();
        assert_eq!((reply, depth(&store.inner).await), (Reply::none(), 1));
        sleep(seconds(30.0)).await;
        assert_eq!(notes.all(), ["start 1", "end 1", "late 1"]);
        assert_eq!(depth(&store.inner).await, 0);
        let again = service.oneshot(of("o1", 1)).await.unwrap();
        assert_eq!(again, Reply::none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_nobody_waits_for_goes_to_the_hook() {
    let (store, notes) = (TestStore::new(memory()), Notes::default());
    let service = service(&store, &notes, 7.0);
    sleep(seconds(0.1)).await;
    store.fail(Fault::Fails);
    assert!(service.clone().oneshot(of("o1", 1)).await.is_err());
    // The next push's connection is closed before the handler completes.
    let gone = send(&service, of("o1", 1));
    sleep(seconds(1.0)).await;
    gone.abort();
    sleep(seconds(30.0)).await;
    assert_eq!(
        notes.all(),
        ["start 1", "end 1"],
        "Dedup keeps the reply of a closed connection"
    );
    let reply = service.oneshot(of("o1", 1)).await.unwrap();
    assert_eq!(reply, Reply::text("1"));

    // Without another push.
    let (store, notes) = (TestStore::new(memory()), Notes::default());
    let service = self::service(&store, &notes, 7.0);
    store.fail(Fault::Hangs);
    assert!(service.oneshot(of("o1", 1)).await.is_err());
    sleep(seconds(30.0)).await;
    assert_eq!(notes.all(), ["start 1", "end 1", "late 1"]);
}

#[tokio::test(start_paused = true)]
async fn it_is_answered_with_503_and_logged() {
    let (store, notes) = (TestStore::new(memory()), Notes::default());
    store.fail(Fault::Full);
    let log = Log::default();
    let _listens = log.listen();
    let callback = callback(service(&store, &notes, 7.0));
    let response = callback
        .oneshot(push("n", document(&text_fields(1))))
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    let text = log.text();
    assert!(
        text.contains("could not store the message in the inbox: it is full"),
        "{text}"
    );
    assert!(
        !text.contains("too many messages") && !text.contains("o1"),
        "{text}"
    );
    assert!(Overloaded::new().to_string().contains("too many"));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_completes_while_its_message_is_stored_answers_the_push() {
    let (store, notes) = (TestStore::new(memory()), Notes::default());
    let service = service(&store, &notes, 4.7);
    sleep(seconds(0.1)).await;
    store.fail(Fault::Hangs);
    let reply = service.oneshot(of("o1", 1)).await.unwrap();
    assert_eq!(reply, Reply::text("1"));
    sleep(seconds(30.0)).await;
    assert_eq!(notes.all(), ["start 1", "end 1"]);
}
