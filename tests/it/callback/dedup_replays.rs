//! Captured pushes that are played to another instance.

use std::time::Duration;

use tower::Layer;
use tower_wechat::callback::dedup::{Dedup, DedupLayer};
use tower_wechat::callback::{Mode, Rejection};
use tower_wechat::{Body, Callback, Reply};

use super::support::{
    Fault, Handler, NOW, Platform, Push, Tally, TestStore, counting, handler, text_document,
};
use crate::log::Log;
use crate::support::settle;

type Instance = Callback<Dedup<Handler>>;

fn instance(mode: Mode, store: &TestStore, handler: Handler) -> Instance {
    let layer = DedupLayer::new().store(store.clone());
    Platform::new(mode).callback(layer.layer(handler))
}

fn captured(mode: Mode, nonce: &str) -> Push {
    Platform::new(mode)
        .nonce(nonce)
        .push(&text_document(NOW, 1))
}

/// Returns the push with the document of another message under the same signature.
fn forged(push: &Push) -> Push {
    let mut forged = push.clone();
    forged.body(text_document(NOW, 2));
    forged
}

async fn outcome(push: &Push, instance: &Instance) -> (u16, Option<Rejection>) {
    let response: http::Response<Body> = push.send(instance).await;
    settle().await;
    (response.status().as_u16(), response.body().rejection())
}

const REPLAYED: (u16, Option<Rejection>) = (403, Some(Rejection::Replayed));

#[tokio::test(start_paused = true)]
async fn a_copy_is_not_run_by_another_instance() {
    for mode in super::support::MODES {
        let (tally, store) = (Tally::default(), TestStore::default());
        let instance = || instance(mode, &store, counting(&tally, Duration::ZERO));
        let push = captured(mode, "n1");
        assert_eq!(outcome(&push, &instance()).await, (200, None));
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(outcome(&push, &instance()).await, (200, None));
        }
        assert_eq!(tally.started(), 1, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_signature_accepts_no_other_body_on_another_instance() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let handler = || {
        handler(&tally, Duration::ZERO, |number| match number {
            1 => Err("the first fails, and its signature is bound all the same".into()),
            number => Ok(Reply::text(format!("{number}"))),
        })
    };
    let instance = || instance(Mode::Plaintext, &store, handler());
    let push = captured(Mode::Plaintext, "n1");
    let log = Log::default();
    let _listening = log.listen();
    assert_eq!(outcome(&push, &instance()).await, (500, None));
    assert_eq!(outcome(&forged(&push), &instance()).await, REPLAYED);
    assert!(
        log.text().contains(r#"reason="replayed""#),
        "{}",
        log.text()
    );
    assert_eq!(log.text().matches("ERROR").count(), 1, "{}", log.text());
    assert_eq!(outcome(&push, &instance()).await, (200, None));
    assert_eq!(outcome(&forged(&push), &instance()).await, REPLAYED);
    // Timestamps are accepted for up to twenty minutes.
    tokio::time::sleep(Duration::from_secs(1201)).await;
    assert_eq!(outcome(&forged(&push), &instance()).await, REPLAYED);
    assert_eq!(tally.started(), 2);
}

/// Two messages of one user with the same id have one key.
#[tokio::test]
async fn another_body_of_the_same_message_is_refused_too() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let instance = || instance(Mode::Plaintext, &store, counting(&tally, Duration::ZERO));
    let push = captured(Mode::Plaintext, "n1");
    assert_eq!(outcome(&push, &instance()).await, (200, None));
    let mut forged = push.clone();
    forged.body(text_document(NOW, 1).replace(">hi<", ">ho<"));
    assert_eq!(outcome(&forged, &instance()).await, REPLAYED);
}

#[tokio::test]
async fn the_signature_of_a_retry_accepts_no_other_body_either() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let instance = || instance(Mode::Plaintext, &store, counting(&tally, Duration::ZERO));
    let (one, retry) = (instance(), captured(Mode::Plaintext, "n2"));
    outcome(&captured(Mode::Plaintext, "n1"), &one).await;
    // Answered from the memory of this instance.
    assert_eq!(outcome(&retry, &one).await, (200, None));
    assert_eq!(store.calls(), ["claim", "finish", "remember"]);
    assert_eq!(outcome(&forged(&retry), &instance()).await, REPLAYED);
    assert_eq!(tally.started(), 1);
}

#[tokio::test]
async fn only_plaintext_mode_remembers_signatures() {
    for mode in [Mode::Compatible, Mode::Secure] {
        let store = TestStore::default();
        let one = instance(mode, &store, counting(&Tally::default(), Duration::ZERO));
        outcome(&captured(mode, "n1"), &one).await;
        outcome(&captured(mode, "n2"), &one).await;
        assert_eq!(store.calls(), ["claim", "finish"]);
    }
}

/// Without the store, each instance remembers for itself.
#[tokio::test]
async fn without_the_store_a_push_is_handled() {
    let (tally, store) = (Tally::default(), TestStore::default());
    let instance = |store| instance(Mode::Plaintext, store, counting(&tally, Duration::ZERO));
    let push = captured(Mode::Plaintext, "n1");
    let failing = store.with(Fault::Fails);
    let one = instance(&failing);
    assert_eq!(outcome(&push, &one).await, (200, None));
    assert_eq!(outcome(&forged(&push), &one).await, REPLAYED);
    assert_eq!(
        outcome(&forged(&push), &instance(&store)).await,
        (200, None)
    );
}
