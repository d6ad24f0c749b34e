//! The life cycle of a token: fetched once, refreshed in time, replaced when it is rejected.

mod forced;
mod odd_answers;
mod sources;
mod stopped;
mod warm;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::token::{Issued, MemoryTokenStore, Status, TokenKey, TokenStore};
use tower_wechat::{
    AppConfig, AppId, BoxError, BoxFuture, ErrCode, ErrorClass, ErrorKind, Runtime, Secret,
    StoreError, TokenGrant, TokenLayer, Tokens, TokioRuntime, Wechat,
};

use crate::support::{CLASSIC, Recorded, STABLE, clock, json, send, settle};

const APPID: &str = Sandbox::APPID;

fn classic(sandbox: &Sandbox) -> Wechat {
    let app = sandbox
        .app_configs()
        .remove(0)
        .token_grant(TokenGrant::Classic);
    let builder = Wechat::builder()
        .clock(sandbox.clock())
        .transport(sandbox.clone());
    builder.app(app).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_with_an_expired_token_cause_one_fetch() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    let expired = tokens.get(APPID).await.unwrap();
    sandbox.advance(Duration::from_secs(7200));
    sandbox.delay_next(STABLE, Duration::from_millis(200));

    let callers: Vec<_> = (0..10_000)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.get(APPID).await.unwrap() })
        })
        .collect();
    let mut fetched = None;
    for caller in callers {
        let token = caller.await.unwrap();
        assert_ne!(token.secret(), expired.secret());
        let first = fetched.get_or_insert_with(|| token.secret().clone());
        assert_eq!(token.secret(), first);
    }
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_outlives_the_caller_who_started_it() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(STABLE, Duration::from_millis(200));

    let first = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.get(APPID).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(sandbox.calls(STABLE), 1);
    let others: Vec<_> = (0..9_999)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.get(APPID).await.unwrap() })
        })
        .collect();
    settle().await;
    first.abort();

    for other in others {
        other.await.unwrap();
    }
    assert_eq!(sandbox.calls(STABLE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_whose_callers_were_all_dropped_still_fills_the_cache() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(STABLE, Duration::from_millis(200));
    let impatient = tokio::time::timeout(Duration::from_millis(100), tokens.get(APPID));
    assert!(impatient.await.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
    tokens.get(APPID).await.unwrap();
    assert_eq!(sandbox.calls(STABLE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stale_token_is_used_while_one_refresh_runs_in_the_background() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    let old = tokens.get(APPID).await.unwrap();
    // Two minutes and some before the expiry, whatever the jitter.
    sandbox.advance(Duration::from_secs(7200 - 119));
    assert_eq!(tokens.status(APPID).await, Some(Status::Stale));

    sandbox.delay_next(STABLE, Duration::from_secs(1));
    for _ in 0..1_000 {
        assert_eq!(tokens.get(APPID).await.unwrap().secret(), old.secret());
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let new = tokens.get(APPID).await.unwrap();
    assert_ne!(new.secret(), old.secret());
    assert_eq!(sandbox.calls(STABLE), 2);
    assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
}

#[tokio::test(start_paused = true)]
async fn a_stable_token_is_not_refreshed_before_its_last_five_minutes() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    tokens.get(APPID).await.unwrap();
    sandbox.advance(Duration::from_secs(7200 - 300));
    assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
    tokens.get(APPID).await.unwrap();
    settle().await;
    assert_eq!(sandbox.calls(STABLE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_keeps_the_token_and_waits_before_the_next() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    let old = tokens.get(APPID).await.unwrap();
    sandbox.advance(Duration::from_secs(7200 - 119));
    sandbox.fail_next(STABLE, ErrCode::new(50004));
    for _ in 0..100 {
        assert_eq!(tokens.get(APPID).await.unwrap().secret(), old.secret());
        settle().await;
    }
    assert_eq!(sandbox.calls(STABLE), 2);

    sandbox.advance(Duration::from_secs(31));
    tokens.get(APPID).await.unwrap();
    settle().await;
    assert_eq!(sandbox.calls(STABLE), 3);
    assert_ne!(tokens.get(APPID).await.unwrap().secret(), old.secret());
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_replaced_and_the_same_bytes_are_sent_again() {
    for code in [40001, 40014, 42001].map(ErrCode::new) {
        let sandbox = Sandbox::with_clock(clock());
        let recorded = Recorded::new(&sandbox);
        let wechat = Wechat::builder()
            .clock(sandbox.clock())
            .transport(recorded.clone())
            .app(sandbox.app_configs().remove(0))
            .build()
            .unwrap();
        sandbox.fail_next("/cgi-bin/message/test/send", code);
        sandbox.answer_next(
            "/cgi-bin/message/test/send",
            json(r#"{"errcode":0,"msgid":7}"#),
        );

        let sent = wechat.app(APPID).unwrap().call(send()).await.unwrap();
        assert_eq!(sent.msgid, 7);
        let requests = recorded.of("/cgi-bin/message/test/send");
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].body(), requests[1].body());
        assert_eq!(requests[0].body(), r#"{"touser":"o-测试"}"#);
        assert_eq!(requests[0].headers(), requests[1].headers());
        assert_ne!(requests[0].uri(), requests[1].uri(), "the token is another");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_rejection_is_returned_to_the_caller() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    for _ in 0..2 {
        sandbox.fail_next("/cgi-bin/getcallbackip", ErrCode::INVALID_CREDENTIAL);
    }
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_CREDENTIAL));
    assert_eq!(error.class(), ErrorClass::Refresh);
    let hint = "the token was replaced by another one: if another system also fetches this \
                app's tokens, let all of them use stable_token";
    assert_eq!(error.hint(), Some(hint));
    assert_eq!(sandbox.calls("/cgi-bin/getcallbackip"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_rejection_does_not_evict_a_newer_token() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    let old = tokens.get(APPID).await.unwrap();
    sandbox.expire_tokens();
    let new = tokens.renew(APPID, old.secret()).await.unwrap();
    assert_ne!(new.secret(), old.secret());

    for _ in 0..100 {
        let current = tokens.renew(APPID, old.secret()).await.unwrap();
        assert_eq!(current.secret(), new.secret());
    }
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_rejections_of_one_token_cause_one_fetch() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    app.token().await.unwrap();
    sandbox.expire_tokens();
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { app.call(GetCallbackIp::new()).await.unwrap() })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_that_is_returned_again_is_force_refreshed_within_the_budget() {
    let sandbox = Sandbox::with_clock(clock());
    let recorded = Recorded::new(&sandbox);
    let wechat = Wechat::builder()
        .clock(sandbox.clock())
        .transport(recorded.clone())
        .app(sandbox.app_configs().remove(0))
        .build()
        .unwrap();
    let app = wechat.app(APPID).unwrap();
    app.call(GetCallbackIp::new()).await.unwrap();

    sandbox.refuse_tokens();
    app.call(GetCallbackIp::new()).await.unwrap();
    let forced = |requests: &[Request<bytes::Bytes>]| {
        let body = |request: &Request<bytes::Bytes>| {
            let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            body["force_refresh"].as_bool().unwrap()
        };
        requests.iter().map(body).collect::<Vec<_>>()
    };
    assert_eq!(forced(&recorded.of(STABLE)), [false, false, true]);

    // Within thirty seconds of the last forced refresh no other is allowed: the caller gets the
    // error, and the token is kept without another request.
    sandbox.refuse_tokens();
    for _ in 0..10 {
        let error = app.call(GetCallbackIp::new()).await.unwrap_err();
        assert_eq!(error.errcode(), Some(ErrCode::INVALID_CREDENTIAL));
    }
    assert_eq!(forced(&recorded.of(STABLE)), [false, false, true, false]);

    sandbox.advance(Duration::from_secs(31));
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(
        forced(&recorded.of(STABLE))
            .iter()
            .filter(|forced| **forced)
            .count(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn forced_refreshes_are_twenty_a_day_and_half_a_minute_apart() {
    let clock = clock();
    let store = MemoryTokenStore::with_clock(clock.clone());
    let key = TokenKey::new(
        AppId::new(APPID).unwrap(),
        tower_wechat::token::TokenKind::StableAccessToken,
    );
    for _ in 0..20 {
        assert!(store.take_forced_refresh(&key).await.unwrap());
        clock.advance(Duration::from_secs(29));
        assert!(!store.take_forced_refresh(&key).await.unwrap());
        clock.advance(Duration::from_secs(1));
    }
    assert!(!store.take_forced_refresh(&key).await.unwrap());
    clock.advance(Duration::from_secs(24 * 3600));
    assert!(store.take_forced_refresh(&key).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_not_retried_at_once() {
    let sandbox = Sandbox::with_clock(clock());
    let builder = Wechat::builder()
        .clock(sandbox.clock())
        .transport(sandbox.clone());
    let wechat = builder.app(AppConfig::new(APPID, "wrong")).build().unwrap();
    let tokens = wechat.tokens();

    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.get(APPID).await.unwrap_err() })
        })
        .collect();
    for caller in callers {
        let error = caller.await.unwrap();
        assert_eq!(error.errcode(), Some(ErrCode::INVALID_APP_SECRET));
        assert_eq!(error.class(), ErrorClass::Config);
        assert_eq!(error.endpoint(), Some(STABLE));
    }
    for _ in 0..100 {
        let error = tokens.get(APPID).await.unwrap_err();
        assert_eq!(error.errcode(), Some(ErrCode::INVALID_APP_SECRET));
    }
    assert_eq!(sandbox.calls(STABLE), 1);

    sandbox.advance(Duration::from_secs(10));
    let error = tokens.get(APPID).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_APP_SECRET));
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_not_cached() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    // Sent three times; each attempt fails.
    for _ in 0..3 {
        sandbox.drop_next(STABLE);
    }
    let error = tokens.get(APPID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.is_transient());
    tokens.get(APPID).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_caller_waits_longer_than_the_bound() {
    let sandbox = Sandbox::with_clock(clock());
    let wechat = Wechat::builder()
        .clock(sandbox.clock())
        .transport(sandbox.clone())
        .timeout(Duration::from_secs(3600))
        .app(sandbox.app_configs().remove(0))
        .build()
        .unwrap();
    sandbox.delay_next(STABLE, Duration::from_secs(3600));
    let start = tokio::time::Instant::now();
    let error = wechat.tokens().get(APPID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(31));
    wechat.tokens().get(APPID).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_classic_grant_refreshes_nine_to_five_minutes_before_the_end() {
    let sandbox = Sandbox::with_clock(clock());
    let wechat = classic(&sandbox);
    let (app, tokens) = (wechat.app(APPID).unwrap(), wechat.tokens());
    let old = tokens.get(APPID).await.unwrap();
    sandbox.advance(Duration::from_secs(7200 - 560));
    assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
    sandbox.advance(Duration::from_secs(265));
    assert_eq!(tokens.status(APPID).await, Some(Status::Stale));
    assert_eq!(tokens.get(APPID).await.unwrap().secret(), old.secret());
    settle().await;
    assert_ne!(tokens.get(APPID).await.unwrap().secret(), old.secret());
    assert_eq!((sandbox.calls(CLASSIC), sandbox.calls(STABLE)), (2, 0));
    app.call(GetCallbackIp::new()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_instances_on_the_classic_grant_recover_from_each_other() {
    let sandbox = Sandbox::with_clock(clock());
    let apps = [classic(&sandbox), classic(&sandbox)].map(|wechat| wechat.app(APPID).unwrap());
    for _ in 0..4 {
        for app in &apps {
            app.call(GetCallbackIp::new()).await.unwrap();
            sandbox.advance(Duration::from_secs(301));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn handles_that_share_a_store_share_their_tokens() {
    let sandbox = Sandbox::with_clock(clock());
    let store = MemoryTokenStore::with_clock(sandbox.clock());
    let handle = || {
        let builder = Wechat::builder()
            .clock(sandbox.clock())
            .transport(sandbox.clone());
        let builder = builder
            .app(sandbox.app_configs().remove(0))
            .token_store(store.clone());
        builder.build().unwrap().tokens()
    };
    let (one, two) = (handle(), handle());
    let token = one.get(APPID).await.unwrap();
    assert_eq!(two.get(APPID).await.unwrap().secret(), token.secret());
    assert_eq!(sandbox.calls(STABLE), 1);

    sandbox.expire_tokens();
    let token = one.renew(APPID, token.secret()).await.unwrap();
    let old = two.get(APPID).await.unwrap();
    assert_eq!(
        two.renew(APPID, old.secret()).await.unwrap().secret(),
        token.secret()
    );
    assert_eq!(sandbox.calls(STABLE), 2);
}

/// A store that is down.
struct DownStore;

impl TokenStore for DownStore {
    async fn load(&self, _: &TokenKey) -> Result<Option<Issued>, StoreError> {
        Err(StoreError::new("gone"))
    }

    async fn save(&self, _: &TokenKey, _: &Issued) -> Result<(), StoreError> {
        Err(StoreError::new("gone"))
    }

    async fn evict(&self, _: &TokenKey, _: &Secret) -> Result<(), StoreError> {
        Err(StoreError::new("gone"))
    }

    async fn take_forced_refresh(&self, _: &TokenKey) -> Result<bool, StoreError> {
        Err(StoreError::new("gone"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_fails_no_call() {
    let sandbox = Sandbox::with_clock(clock());
    let builder = Wechat::builder()
        .clock(sandbox.clock())
        .transport(sandbox.clone());
    let builder = builder
        .app(sandbox.app_configs().remove(0))
        .token_store(DownStore);
    let app = builder.build().unwrap().app(APPID).unwrap();
    app.call(GetCallbackIp::new()).await.unwrap();
    sandbox.expire_tokens();
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(sandbox.calls(STABLE), 2);
}

/// A store that never responds.
struct HangingStore;

impl TokenStore for HangingStore {
    async fn load(&self, _: &TokenKey) -> Result<Option<Issued>, StoreError> {
        std::future::pending().await
    }

    async fn save(&self, _: &TokenKey, _: &Issued) -> Result<(), StoreError> {
        std::future::pending().await
    }

    async fn evict(&self, _: &TokenKey, _: &Secret) -> Result<(), StoreError> {
        std::future::pending().await
    }

    async fn take_forced_refresh(&self, _: &TokenKey) -> Result<bool, StoreError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_store_fails_no_call() {
    let sandbox = Sandbox::with_clock(clock());
    let builder = Wechat::builder()
        .clock(sandbox.clock())
        .transport(sandbox.clone());
    let builder = builder
        .app(sandbox.app_configs().remove(0))
        .token_store(HangingStore);
    let app = builder.build().unwrap().app(APPID).unwrap();
    let call = || async {
        let call = app.call(GetCallbackIp::new());
        tokio::time::timeout(Duration::from_secs(5), call).await
    };
    call().await.expect("in time").unwrap();
    sandbox.expire_tokens();
    call().await.expect("in time").unwrap();
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[tokio::test(start_paused = true)]
async fn apps_do_not_share_tokens() {
    let sandbox = Sandbox::with_clock(clock());
    let other = sandbox
        .add_app("wxother", tower_wechat::callback::Mode::Plaintext)
        .unwrap();
    let tokens = sandbox.wechat().tokens();
    let (one, two) = (
        tokens.get(APPID).await.unwrap(),
        tokens.get(&other).await.unwrap(),
    );
    assert_ne!(one.secret(), two.secret());
    let error = tokens.get("wxunknown").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownApp);
}

#[tokio::test(start_paused = true)]
async fn the_token_layer_fetches_only_on_demand() {
    let sandbox = Sandbox::with_clock(clock());
    let asked = Arc::new(AtomicUsize::new(0));
    let handler = service_fn({
        let asked = asked.clone();
        move |request: Request<bool>| {
            let asked = asked.clone();
            async move {
                let tokens = Tokens::from_request(&request).ok_or("TokenLayer is missing")?;
                if *request.body() {
                    asked.fetch_add(1, Ordering::Relaxed);
                    tokens.get(APPID).await?;
                }
                Ok::<_, BoxError>(())
            }
        }
    });
    let layer = TokenLayer::new(sandbox.wechat().tokens());
    let mut service = ServiceBuilder::new().layer(layer).service(handler);
    service
        .ready()
        .await
        .unwrap()
        .call(Request::new(false))
        .await
        .unwrap();
    assert_eq!(sandbox.calls(STABLE), 0);
    service
        .ready()
        .await
        .unwrap()
        .call(Request::new(true))
        .await
        .unwrap();
    assert_eq!(
        (sandbox.calls(STABLE), asked.load(Ordering::Relaxed)),
        (1, 1)
    );
}

/// A runtime that drops its first task before polling it.
#[derive(Default)]
struct DropsFirst(AtomicUsize);

impl Runtime for DropsFirst {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        if self.0.fetch_add(1, Ordering::Relaxed) > 0 {
            TokioRuntime::default().spawn(task);
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        TokioRuntime::default().sleep(duration)
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_fetch_is_an_error_and_the_next_one_succeeds() {
    let sandbox = Sandbox::with_clock(clock());
    let builder = Wechat::builder()
        .transport(sandbox.clone())
        .runtime(DropsFirst::default());
    let builder = builder.app(sandbox.app_configs().remove(0));
    let tokens = builder.build().unwrap().tokens();
    let error = tokens.get(APPID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.is_transient());
    tokens.get(APPID).await.unwrap();
    assert_eq!(sandbox.calls(STABLE), 1);
}

#[test]
fn debug_output_of_a_token_is_a_fingerprint() {
    let secret = Secret::new("88_abcdefghijklmnopqrstuvwxyz");
    let issued = Issued::new(secret.clone(), Duration::from_secs(7200));
    let printed = format!("{issued:?} {secret:?}");
    assert!(!printed.contains("abcdef"), "{printed}");
    assert!(printed.contains(&secret.fingerprint()));
}

#[tokio::test(start_paused = true)]
async fn callers_beyond_a_hundred_thousand_are_rejected() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(STABLE, Duration::from_secs(1));
    let callers: Vec<_> = (0..100_000)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.get(APPID).await.is_ok() })
        })
        .collect();
    settle().await;
    let error = tokens.get(APPID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.is_transient());
    for caller in callers {
        assert!(caller.await.unwrap());
    }
    tokens.get(APPID).await.unwrap();
    assert_eq!(sandbox.calls(STABLE), 1);
}
