//! The tokens of apps that are replaced and removed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tower_wechat::token::{Fetch, Issued, Status, TokenKey, source_fn};
use tower_wechat::{AppConfig, ErrCode, ErrorKind, TokenGrant, Wechat};

use super::{APPID, config, one};
use crate::support::{CLASSIC, STABLE, settle};

#[tokio::test]
async fn a_replaced_secret_is_used_from_the_next_fetch_on() {
    let (sandbox, sent, wechat) = one();
    let app = wechat.app(APPID).unwrap();
    let before = app.token().await.unwrap();

    sandbox.reset_secret(&sandbox.appid());
    assert!(wechat.insert_app(config(&sandbox)).unwrap());
    assert_eq!(app.token().await.unwrap().secret(), before.secret());
    assert_eq!(sent.of(STABLE).len(), 1);

    sandbox.advance(Duration::from_secs(7200));
    assert_ne!(app.token().await.unwrap().secret(), before.secret());
    assert_eq!(sent.of(STABLE).len(), 2);
}

#[tokio::test]
async fn a_new_secret_is_tried_at_once_after_the_old_one_was_refused() {
    let (sandbox, sent, wechat) = one();
    sandbox.reset_secret(&sandbox.appid());
    let tokens = wechat.tokens();
    for _ in 0..3 {
        let error = tokens.ticket(APPID).await.unwrap_err();
        assert_eq!(error.errcode(), Some(ErrCode::INVALID_APP_SECRET));
    }
    assert_eq!(sent.of(STABLE).len(), 1, "a refusal is remembered");

    wechat.insert_app(config(&sandbox)).unwrap();
    tokens.ticket(APPID).await.unwrap();
    tokens.get(APPID).await.unwrap();

    // The same configuration again is no reason to ask the platform again.
    sandbox.fail_next(STABLE, ErrCode::INVALID_APP_SECRET);
    sandbox.advance(Duration::from_secs(7200));
    tokens.get(APPID).await.unwrap_err();
    wechat.insert_app(config(&sandbox)).unwrap();
    tokens.get(APPID).await.unwrap_err();
    assert_eq!(sent.of(STABLE).len(), 3);
}

/// A source whose fetches fail or succeed when the test says so.
#[derive(Clone, Default)]
struct Gate {
    reached: Arc<Notify>,
    open: Arc<Notify>,
}

impl Gate {
    fn wechat(
        &self,
        outcome: impl Fn() -> Result<Issued, tower_wechat::Error> + Send + Sync + Clone + 'static,
    ) -> Wechat {
        let gate = self.clone();
        let source = source_fn(move |_: TokenKey, _: Fetch| {
            let (gate, outcome) = (gate.clone(), outcome.clone());
            async move {
                gate.reached.notify_one();
                gate.open.notified().await;
                outcome()
            }
        });
        let builder = Wechat::builder().app(AppConfig::new(APPID, "one"));
        builder.token_source(source).build().unwrap()
    }
}

#[tokio::test]
async fn a_refusal_of_the_old_secret_that_comes_late_is_not_remembered() {
    let gate = Gate::default();
    // Any error that only an operator can fix.
    let wechat = gate.wechat(|| Err(Wechat::builder().build().unwrap_err()));
    let tokens = wechat.tokens();
    let first = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.get(APPID).await }
    });
    gate.reached.notified().await;
    wechat.insert_app(AppConfig::new(APPID, "two")).unwrap();
    gate.open.notify_one();
    assert_eq!(first.await.unwrap().unwrap_err().kind(), ErrorKind::Config);

    // The next one reaches the source, and its refusal is remembered.
    let second = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.get(APPID).await }
    });
    gate.reached.notified().await;
    gate.open.notify_one();
    second.await.unwrap().unwrap_err();
    tokens.get(APPID).await.unwrap_err();
}

#[tokio::test]
async fn another_grant_has_its_own_token() {
    let (sandbox, sent, wechat) = one();
    let app = wechat.app(APPID).unwrap();
    let stable = app.token().await.unwrap();
    let classic = || config(&sandbox).token_grant(TokenGrant::Classic);
    wechat.insert_app(classic()).unwrap();
    assert_eq!(wechat.tokens().status(APPID).await, None);
    let fetched = app.token().await.unwrap();
    assert_ne!(fetched.secret(), stable.secret());
    wechat.insert_app(config(&sandbox)).unwrap();
    assert_eq!(app.token().await.unwrap().secret(), stable.secret());
    wechat.insert_app(classic()).unwrap();
    assert_eq!(app.token().await.unwrap().secret(), fetched.secret());
    assert_eq!((sent.of(STABLE).len(), sent.of(CLASSIC).len()), (1, 1));
}

#[tokio::test]
async fn the_tokens_of_a_removed_app_end() {
    let (_, _, wechat) = one();
    let tokens = wechat.tokens();
    tokens.ticket(APPID).await.unwrap();
    assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
    let used = tokens.get(APPID).await.unwrap();
    assert!(wechat.remove_app(APPID));

    assert_eq!(tokens.status(APPID).await, None);
    for result in [
        tokens.get(APPID).await,
        tokens.ticket(APPID).await,
        tokens.card_ticket(APPID).await,
        tokens.renew(APPID, used.secret()).await,
    ] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::UnknownApp);
    }
    assert_eq!(format!("{tokens:?}"), "Tokens { apps: {}, .. }");
}

#[tokio::test]
async fn a_fetch_of_a_removed_app_ends_without_being_cached() {
    let gate = Gate::default();
    let wechat = gate.wechat(|| Ok(Issued::new("the-token", Duration::from_secs(7200))));
    let tokens = wechat.tokens();
    let waits = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.get(APPID).await }
    });
    gate.reached.notified().await;
    assert!(wechat.remove_app(APPID));
    // Added again, the app has nothing to do with that fetch.
    wechat.insert_app(AppConfig::new(APPID, "two")).unwrap();
    gate.open.notify_one();
    let error = waits.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownApp);
    settle().await;
    assert_eq!(tokens.status(APPID).await, None);
}
