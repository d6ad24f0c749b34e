//! What is counted.

use tokio::time::sleep;
use tower::{Layer, ServiceExt};
use tower_wechat::Reply;
use tower_wechat::callback::inbox::{Inbox, InboxLayer};

use super::support::{Fault, TestStore, memory, of};
use crate::callback::count::counted;
use crate::callback::support::{APPID, Tally, handler, seconds};

/// Handles a message, whose reply is lost, gives another up, and refuses a third.
async fn all() {
    let store = TestStore::new(memory());
    let inbox = Inbox::new(store.clone()).tries(2);
    let second_fails = handler(&Tally::default(), seconds(1.0), |number| match number {
        1 => Ok(Reply::text("lost")),
        _ => Err("no".into()),
    });
    let service = InboxLayer::new(inbox).layer(second_fails);
    for id in [1, 2] {
        service.clone().oneshot(of("o1", id)).await.unwrap();
    }
    store.fail(Fault::Full);
    assert!(service.oneshot(of("o1", 3)).await.is_err());
    sleep(seconds(20.0)).await;
}

#[test]
fn each_outcome_is_counted_per_app() {
    let expected = [
        ("refused", ",reason=full"),
        ("stored", ""),
        ("tries", ",outcome=buried"),
        ("tries", ",outcome=done"),
        ("tries", ",outcome=retried"),
        ("unsent", ",reason=no_hook"),
    ];
    let expected = expected.map(|(name, label)| {
        let count = if name == "stored" { 2 } else { 1 };
        (
            format!("wechat_inbox_{name}_total{{appid={APPID}{label}}}"),
            count,
        )
    });
    assert_eq!(counted(all()), expected);
}
