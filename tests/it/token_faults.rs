//! Odd grants, panicking stores and runtimes that stop: no caller waits for ever, and no fault of
//! one fetch is everyone's.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower::service_fn;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::token::{Issued, Status, StoreError, TokenKey, TokenStore};
use tower_wechat::{AppConfig, BoxError, ErrorKind, Secret, TokenGrant, Tokens, Wechat};

use crate::support::{Recorded, STABLE, clock, json, status};

const APPID: &str = Sandbox::APPID;

/// A platform that answers a request for a token with what `answer` makes of its number.
fn answering<F>(answer: F) -> (Wechat, Arc<AtomicUsize>)
where
    F: Fn(usize) -> Response<Bytes> + Send + Sync + 'static,
{
    let calls = Arc::new(AtomicUsize::new(0));
    let (counted, answer) = (Arc::clone(&calls), Arc::new(answer));
    let platform = service_fn(move |_: Request<Bytes>| {
        let answer = answer(counted.fetch_add(1, Ordering::SeqCst));
        async move { Ok::<_, BoxError>(answer) }
    });
    let wechat = Wechat::builder()
        .app(AppConfig::new(APPID, "secret"))
        .clock(clock())
        .transport(platform);
    (wechat.build().unwrap(), calls)
}

fn grant(token: &str, expires_in: &str) -> Response<Bytes> {
    json(format!(
        r#"{{"access_token":"{token}","expires_in":{expires_in}}}"#
    ))
}

#[tokio::test(start_paused = true)]
async fn an_odd_grant_is_no_token() {
    for (token, expires_in) in [
        ("", "7200"),
        ("with space", "7200"),
        ("你好", "7200"),
        (&*"x".repeat(2049), "7200"),
        ("token", "0"),
        ("token", "2592001"),
        ("token", "18446744073709551615"),
    ] {
        let (token, expires_in) = (token.to_owned(), expires_in.to_owned());
        let (wechat, calls) = answering(move |_| grant(&token, &expires_in));
        let error = wechat.tokens().get(APPID).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer, "{error}");
        // Not everyone asks at once.
        for _ in 0..100 {
            assert!(wechat.tokens().get(APPID).await.is_err());
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
    let (wechat, _) = answering(|_| grant(&"x".repeat(2048), "2592000"));
    wechat.tokens().get(APPID).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_bad_answer_is_forgotten_after_a_second() {
    let bad: [fn() -> Response<Bytes>; 4] = [
        || json("<html>".replace('<', "{")),
        || status(404, "not found"),
        || grant("", "7200"),
        || json(r#"{"expires_in":7200}"#),
    ];
    for bad in bad {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let platform = service_fn(move |_: Request<Bytes>| {
            let answer = match counted.fetch_add(1, Ordering::SeqCst) {
                0 => bad(),
                _ => grant("token", "7200"),
            };
            async move { Ok::<_, BoxError>(answer) }
        });
        let clock = clock();
        let wechat = Wechat::builder()
            .app(AppConfig::new(APPID, "secret"))
            .clock(clock.clone())
            .transport(platform)
            .build()
            .unwrap();
        assert!(wechat.tokens().get(APPID).await.is_err());
        clock.advance(Duration::from_secs(1));
        wechat.tokens().get(APPID).await.unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn one_forced_refresh_is_one_call() {
    let failures: [fn() -> Response<Bytes>; 2] =
        [|| status(502, "bad gateway"), || json(r#"{"errcode":-1}"#)];
    for failure in failures {
        let forced = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&forced);
        // The platform insists on the refused token until it is forced.
        let platform = service_fn(move |request: Request<Bytes>| {
            let text = String::from_utf8_lossy(request.body());
            let answer = match text.contains(r#""force_refresh":true"#) {
                true => {
                    counted.fetch_add(1, Ordering::SeqCst);
                    failure()
                }
                false => grant("refused", "7200"),
            };
            async move { Ok::<_, BoxError>(answer) }
        });
        let wechat = Wechat::builder()
            .app(AppConfig::new(APPID, "secret"))
            .clock(clock())
            .transport(platform)
            .build()
            .unwrap();
        let tokens = wechat.tokens();
        let used = tokens.get(APPID).await.unwrap();
        assert!(tokens.renew(APPID, used.secret()).await.is_err());
        assert_eq!(forced.load(Ordering::SeqCst), 1);
    }
}

/// A store whose every method panics, before its future is there or in it.
struct Panicking {
    early: bool,
}

impl Panicking {
    fn panic(&self) -> std::future::Ready<()> {
        assert!(!self.early, "the store's own secret");
        std::future::ready(())
    }
}

impl TokenStore for Panicking {
    fn load(
        &self,
        _: &TokenKey,
    ) -> impl Future<Output = Result<Option<Issued>, StoreError>> + Send {
        let ready = self.panic();
        async move {
            ready.await;
            panic!("the store's own secret")
        }
    }

    fn save(
        &self,
        _: &TokenKey,
        _: &Issued,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        let ready = self.panic();
        async move {
            ready.await;
            panic!("the store's own secret")
        }
    }

    async fn evict(&self, _: &TokenKey, _: &Secret) -> Result<(), StoreError> {
        panic!("the store's own secret")
    }

    async fn take_forced_refresh(&self, _: &TokenKey) -> Result<bool, StoreError> {
        panic!("the store's own secret")
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_is_passed_over() {
    for early in [false, true] {
        let sandbox = Sandbox::clocked(clock());
        let wechat = Wechat::builder()
            .app(sandbox.app_configs().remove(0))
            .clock(sandbox.clock())
            .transport(sandbox.clone())
            .token_store(Panicking { early })
            .build()
            .unwrap();
        let tokens = wechat.tokens();
        let used = tokens.get(APPID).await.unwrap();
        tokens.renew(APPID, used.secret()).await.unwrap();
        assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
    }
}

/// What is not a token of the platform's does not come out of a store either.
#[tokio::test(start_paused = true)]
async fn an_odd_token_of_a_store_is_passed_over() {
    struct Odd(&'static str, u64);
    impl TokenStore for Odd {
        async fn load(&self, _: &TokenKey) -> Result<Option<Issued>, StoreError> {
            Ok(Some(Issued::new(self.0, Duration::from_secs(self.1))))
        }
        async fn save(&self, _: &TokenKey, _: &Issued) -> Result<(), StoreError> {
            Ok(())
        }
        async fn evict(&self, _: &TokenKey, _: &Secret) -> Result<(), StoreError> {
            Ok(())
        }
        async fn take_forced_refresh(&self, _: &TokenKey) -> Result<bool, StoreError> {
            Ok(true)
        }
    }
    for odd in [
        Odd("", 7200),
        Odd("a\nb", 7200),
        Odd("token", u64::MAX),
        Odd("token", 0),
    ] {
        let sandbox = Sandbox::clocked(clock());
        let wechat = Wechat::builder()
            .app(sandbox.app_configs().remove(0))
            .clock(sandbox.clock())
            .transport(sandbox.clone())
            .token_store(odd)
            .build()
            .unwrap();
        wechat.tokens().get(APPID).await.unwrap();
        assert_eq!(sandbox.calls(STABLE), 1);
    }
}

/// Polls a call once on a runtime that is then driven no more, and is kept.
fn stopped<T>(call: impl Future<Output = T> + Send) -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let mut call = Box::pin(call);
    runtime.block_on(async {
        let polled = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    });
    runtime
}

fn delayed(grant: TokenGrant) -> (Sandbox, Recorded, Tokens) {
    let sandbox = Sandbox::clocked(clock());
    let recorded = Recorded::new(&sandbox);
    let wechat = Wechat::builder()
        .app(sandbox.app_configs().remove(0).token_grant(grant))
        .clock(sandbox.clock())
        .transport(recorded.clone())
        .build()
        .unwrap();
    (sandbox, recorded, wechat.tokens())
}

#[test]
fn a_fetch_whose_runtime_stopped_is_taken_over() {
    let (_, recorded, tokens) = delayed(TokenGrant::Stable);
    let first = tokens.clone();
    let stopped = stopped(async move { first.get(APPID).await });
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let waiting = (0..100).map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.get(APPID).await })
        });
        for waiter in waiting.collect::<Vec<_>>() {
            waiter.await.unwrap().unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(5));
    });
    assert_eq!(recorded.of(STABLE).len(), 1, "the others share one fetch");
    drop(stopped);
    runtime.block_on(async { tokens.get(APPID).await.unwrap() });
}

/// The fetch is alive, and takes its time.
#[tokio::test(start_paused = true)]
async fn a_slow_fetch_is_not_taken_over() {
    let (sandbox, recorded, tokens) = delayed(TokenGrant::Stable);
    sandbox.delay_next(STABLE, Duration::from_secs(9));
    let others = (0..10).map(|_| {
        let tokens = tokens.clone();
        tokio::spawn(async move { tokens.get(APPID).await })
    });
    for other in others.collect::<Vec<_>>() {
        other.await.unwrap().unwrap();
    }
    assert_eq!(recorded.of(STABLE).len(), 1);
}

#[test]
fn a_refresh_whose_runtime_stopped_is_begun_again() {
    let (sandbox, recorded, tokens) = delayed(TokenGrant::Classic);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async { tokens.get(APPID).await.unwrap() });
    sandbox.advance(Duration::from_secs(7200 - 299));
    let stopped = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // The refresh is spawned, and never polled.
    stopped.block_on(async { tokens.get(APPID).await.unwrap() });
    assert_eq!(recorded.of(crate::support::CLASSIC).len(), 1);
    runtime.block_on(async {
        for seconds in [0, 59] {
            sandbox.advance(Duration::from_secs(seconds));
            tokens.get(APPID).await.unwrap();
            crate::support::settle().await;
            assert_eq!(recorded.of(crate::support::CLASSIC).len(), 1);
        }
        sandbox.advance(Duration::from_secs(1));
        tokens.get(APPID).await.unwrap();
        crate::support::settle().await;
        assert_eq!(recorded.of(crate::support::CLASSIC).len(), 2);
    });
    drop(stopped);
}
