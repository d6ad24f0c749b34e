//! The rules of a store, over Redis.

use std::time::Duration;

use tokio::time::sleep;
use tower_wechat::callback::dedup::{Claimed, DedupKey, DedupStore, PushKey, UnsignedBody};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::shared::Owner;
use tower_wechat::{AppId, Message, Reply};

use crate::server::Server;

const LIFE: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

fn push(id: u8) -> PushKey {
    let appid = AppId::new(Sandbox::APPID).unwrap();
    let text = format!("<xml><FromUserName>o1</FromUserName><MsgId>1{id}</MsgId></xml>");
    PushKey::from_message(&Message::parse(appid, text).unwrap())
}

fn unsigned(id: u8, signature: u128, body: u128, life: Duration) -> PushKey {
    let PushKey { appid, dedup, .. } = push(id);
    PushKey::with_unsigned(appid, dedup, UnsignedBody::new(signature, body, life))
}

#[tokio::test]
async fn a_claim_belongs_to_its_owner_until_it_ends() {
    let Some(server) = Server::start() else {
        return;
    };
    let (store, push) = (server.store(), push(1));
    let (one, two) = (Owner::new(), Owner::new());
    let claim = async |owner, life| store.claim(&push, owner, life).await.unwrap();
    assert_eq!(claim(&one, LIFE).await, Claimed::Granted);
    assert_eq!(claim(&one, LIFE).await, Claimed::Granted);
    assert_eq!(claim(&two, LIFE).await, Claimed::Running);
    assert!(!store.renew(&push, &two, LIFE).await.unwrap());
    store.release(&push, &two).await.unwrap();
    store
        .finish(&push, &two, &Reply::text("2"), LIFE)
        .await
        .unwrap();
    assert_eq!(claim(&two, LIFE).await, Claimed::Running);
    // A claim that ended while nobody holds the push is taken again.
    assert!(store.renew(&push, &one, SHORT).await.unwrap());
    sleep(SHORT * 2).await;
    assert!(store.renew(&push, &one, SHORT).await.unwrap());
    sleep(SHORT * 2).await;
    assert_eq!(claim(&two, LIFE).await, Claimed::Granted);
    assert!(!store.renew(&push, &one, LIFE).await.unwrap());
    store.release(&push, &two).await.unwrap();
    assert_eq!(claim(&one, LIFE).await, Claimed::Granted);
}

#[tokio::test]
async fn an_end_is_recorded_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let (store, push) = (server.store(), push(1));
    let (one, two) = (Owner::new(), Owner::new());
    // Without a claim: it ended, and nobody holds the push.
    store
        .finish(&push, &two, &Reply::text("2"), LIFE)
        .await
        .unwrap();
    store
        .finish(&push, &one, &Reply::text("1"), LIFE)
        .await
        .unwrap();
    store.release(&push, &two).await.unwrap();
    assert!(!store.renew(&push, &two, LIFE).await.unwrap());
    for owner in [one, two] {
        let claimed = store.claim(&push, &owner, LIFE).await.unwrap();
        assert_eq!(claimed, Claimed::Finished(Reply::text("2")));
    }
}

#[tokio::test]
async fn a_signature_is_bound_to_the_first_body() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let claim = async |push| store.claim(&push, &Owner::new(), LIFE).await.unwrap();
    assert_eq!(claim(unsigned(1, 1, 1, LIFE)).await, Claimed::Granted);
    assert_eq!(claim(unsigned(2, 1, 2, LIFE)).await, Claimed::Replayed);
    // The same message with another body, too.
    assert_eq!(claim(unsigned(1, 1, 2, LIFE)).await, Claimed::Replayed);
    assert_eq!(claim(unsigned(1, 1, 1, LIFE)).await, Claimed::Running);
    // Nothing was claimed by those that were refused.
    assert_eq!(claim(unsigned(2, 2, 2, LIFE)).await, Claimed::Granted);
    store.remember(&unsigned(3, 3, 3, SHORT)).await.unwrap();
    store.remember(&unsigned(3, 3, 4, LIFE)).await.unwrap();
    assert_eq!(claim(unsigned(4, 3, 4, LIFE)).await, Claimed::Replayed);
    sleep(SHORT * 2).await;
    assert_eq!(claim(unsigned(4, 3, 4, LIFE)).await, Claimed::Granted);
}

#[tokio::test]
async fn apps_and_pushes_are_separate() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let other = PushKey::new(AppId::new("wx1").unwrap(), push(1).dedup);
    for push in [push(1), push(2), other] {
        let claimed = store.claim(&push, &Owner::new(), LIFE).await.unwrap();
        assert_eq!(claimed, Claimed::Granted);
    }
    let message = |id: &str| Message::parse(AppId::new(id).unwrap(), "<xml/>".into()).unwrap();
    assert_ne!(
        DedupKey::new(&message("wx1")),
        DedupKey::new(&message("wx2"))
    );
}
