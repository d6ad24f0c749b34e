//! Shutdown waits for running handlers, within a grace, and leaves the rest in the store.

use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};
use tower_wechat::Reply;
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::inbox::{Inbox, InboxLayer};

use super::support::{Notes, depth, memory, of};
use crate::callback::support::seconds;

#[tokio::test(start_paused = true)]
async fn running_handlers_get_their_grace_and_the_rest_stays() {
    let (store, notes) = (memory(), Notes::default());
    let inbox = Inbox::new(store.clone()).workers(1);
    let service = InboxLayer::new(inbox.clone()).layer(notes.handler(seconds(5.0)));
    for id in 1..=3 {
        service.clone().oneshot(of("o1", id)).await.unwrap();
    }
    sleep(seconds(1.0)).await;
    let start = Instant::now();
    assert_eq!(inbox.close(sleep(seconds(10.0))).await, 0);
    assert_eq!(start.elapsed().as_secs(), 4);
    assert_eq!(notes.all(), ["start 1", "end 1"]);
    // A message that still arrives is stored.
    let reply = service.oneshot(of("o2", 4)).await.unwrap();
    sleep(seconds(60.0)).await;
    assert_eq!((reply, depth(&store).await), (Reply::none(), 3));

    let next = Inbox::new(store.clone());
    let _next = InboxLayer::new(next).layer(notes.handler(seconds(5.0)));
    sleep(seconds(60.0)).await;
    assert_eq!(depth(&store).await, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_for_a_handler_that_hangs() {
    let (store, notes) = (memory(), Notes::default());
    let inbox = Inbox::new(store.clone());
    let deadline = DeadlineLayer::ack().inbox(inbox.clone());
    let service = deadline.layer(notes.handler(seconds(1e6)));
    service.oneshot(of("o1", 1)).await.unwrap();
    let start = Instant::now();
    assert_eq!(inbox.close(sleep(seconds(10.0))).await, 1);
    assert_eq!((start.elapsed().as_secs(), depth(&store).await), (10, 1));
}
