//! Invalid responses, and stores and transports that panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use tower::Service;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::token::{Issued, TokenKey, TokenStore};
use tower_wechat::{BoxFuture, Error, ErrorKind, Secret, StoreError, TokenGrant, Wechat};

use crate::support::{self, CLASSIC, STABLE, clock, status};

const APPID: &str = Sandbox::APPID;
const TICKET: &str = "/cgi-bin/ticket/getticket";

/// Tokens and lifetimes that cannot be used.
fn unusable() -> Vec<(String, serde_json::Value)> {
    let (token, life) = ("88_good", 7200);
    vec![
        (String::new(), life.into()),
        ("88_two words".into(), life.into()),
        ("88_令牌".into(), life.into()),
        ("88_line\n".into(), life.into()),
        ("x".repeat(2049), life.into()),
        (token.into(), 0.into()),
        (token.into(), (30 * 24 * 3600 + 1).into()),
        (token.into(), u64::MAX.into()),
    ]
}

/// Asserts that an invalid response is an error, is not retried at once, and is cached briefly.
async fn recovers(sandbox: &Sandbox, path: &str, get: impl AsyncFn() -> Result<Secret, Error>) {
    let before = sandbox.calls(path);
    for _ in 0..100 {
        let error = get().await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Answer | ErrorKind::Status(404)),
            "{error:?}"
        );
        assert_eq!(error.endpoint(), Some(path));
    }
    assert_eq!(sandbox.calls(path), before + 1, "no storm");
    sandbox.advance(Duration::from_secs(1));
    assert!(!get().await.unwrap().expose().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_unusable_token_is_an_answer_error_for_a_second() {
    for (grant, path) in [(TokenGrant::Stable, STABLE), (TokenGrant::Classic, CLASSIC)] {
        for (token, life) in unusable() {
            let sandbox = Sandbox::with_clock(clock());
            let app = sandbox.app_configs().remove(0).token_grant(grant);
            let builder = Wechat::builder().clock(sandbox.clock());
            let builder = builder.transport(sandbox.clone()).app(app);
            let tokens = builder.build().unwrap().tokens();
            let body = json!({ "access_token": token, "expires_in": life });
            sandbox.answer_next(path, support::json(body.to_string()));
            let get = async || Ok(tokens.get(APPID).await?.secret().clone());
            recovers(&sandbox, path, get).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unusable_ticket_is_an_answer_error_for_a_second() {
    for (ticket, life) in unusable() {
        let sandbox = Sandbox::with_clock(clock());
        let tokens = sandbox.wechat().tokens();
        let body = json!({ "errcode": 0, "ticket": ticket, "expires_in": life });
        sandbox.answer_next(TICKET, support::json(body.to_string()));
        let get = async || Ok(tokens.ticket(APPID).await?.secret().clone());
        recovers(&sandbox, TICKET, get).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_without_a_token_is_an_answer_error_for_a_second() {
    for response in [
        support::json("garbage"),
        support::json("[]"),
        support::json(r#"{"expires_in":7200}"#),
        support::json(r#"{"access_token":"x","expires_in":-1}"#),
        status(404, "<html>not here</html>"),
    ] {
        let sandbox = Sandbox::with_clock(clock());
        let tokens = sandbox.wechat().tokens();
        sandbox.answer_next(STABLE, response);
        let get = async || Ok(tokens.get(APPID).await?.secret().clone());
        recovers(&sandbox, STABLE, get).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_shortest_and_the_longest_lifetime_are_accepted() {
    for life in [1, 30 * 24 * 3600] {
        let sandbox = Sandbox::with_clock(clock());
        let tokens = sandbox.wechat().tokens();
        let token = "x".repeat(2048);
        let body = json!({ "access_token": token, "expires_in": life });
        sandbox.answer_next(STABLE, support::json(body.to_string()));
        assert_eq!(tokens.get(APPID).await.unwrap().secret().expose(), token);
    }
}

/// A store that always returns this token.
struct Always(Issued);

impl TokenStore for Always {
    async fn load(&self, _: &TokenKey) -> Result<Option<Issued>, StoreError> {
        Ok(Some(self.0.clone()))
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

fn with_store(sandbox: &Sandbox, store: impl TokenStore) -> Wechat {
    let builder = Wechat::builder().clock(sandbox.clock());
    let builder = builder.transport(sandbox.clone()).token_store(store);
    let builder = builder.app(sandbox.app_configs().remove(0));
    builder.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_unusable_stored_token_is_ignored() {
    for (token, life) in unusable() {
        let sandbox = Sandbox::with_clock(clock());
        let life = Duration::from_secs(life.as_u64().unwrap());
        let store = Always(Issued::new(token, life));
        let app = with_store(&sandbox, store).app(APPID).unwrap();
        app.call(GetCallbackIp::new()).await.unwrap();
        app.call(GetCallbackIp::new()).await.unwrap();
        assert_eq!(sandbox.calls(STABLE), 1);
    }
}

/// The method in which a store panics.
#[derive(Clone, Copy, Debug)]
enum At {
    Call,
    Poll,
    DropOfPending,
    DropOfReady,
    DropOfPanic,
    Print,
}

struct Panics(At);

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("on drop");
        }
    }
}

/// Panics when it is printed.
struct Unprintable;

impl std::fmt::Debug for Unprintable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("on print")
    }
}

impl std::fmt::Display for Unprintable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("on print")
    }
}

impl std::error::Error for Unprintable {}

/// A future that panics when it is dropped.
struct Holding<T> {
    answer: Option<T>,
    _bomb: Bomb,
}

impl<T: Unpin> Future for Holding<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.answer
            .take()
            .map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer)))
    }
}

impl Panics {
    fn answer<T: Default + Send + Unpin + 'static>(
        &self,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        match self.0 {
            At::Call => panic!("on call"),
            At::Poll => Box::pin(async { panic!("on poll") }),
            At::DropOfPanic => Box::pin(async { std::panic::panic_any(Bomb) }),
            At::Print => Box::pin(async { Err(StoreError::new(Unprintable)) }),
            at => Box::pin(Holding {
                answer: matches!(at, At::DropOfReady).then(T::default),
                _bomb: Bomb,
            }),
        }
    }
}

#[allow(clippy::manual_async_fn, reason = "the call itself must panic")]
impl TokenStore for Panics {
    fn load(
        &self,
        _: &TokenKey,
    ) -> impl Future<Output = Result<Option<Issued>, StoreError>> + Send {
        self.answer()
    }

    fn save(
        &self,
        _: &TokenKey,
        _: &Issued,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.answer()
    }

    fn evict(
        &self,
        _: &TokenKey,
        _: &Secret,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.answer()
    }

    fn take_forced_refresh(
        &self,
        _: &TokenKey,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.answer()
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_fails_no_call() {
    // The error is formatted only when it is logged, so a subscriber must be active.
    let _second = support::second_subscriber();
    let logs = tracing_subscriber::fmt().with_writer(std::io::sink);
    let _logs = tracing::subscriber::set_default(logs.finish());
    for at in [
        At::Call,
        At::Poll,
        At::DropOfPending,
        At::DropOfReady,
        At::DropOfPanic,
        At::Print,
    ] {
        let sandbox = Sandbox::with_clock(clock());
        let app = with_store(&sandbox, Panics(at)).app(APPID).unwrap();
        app.call(GetCallbackIp::new()).await.unwrap();
        sandbox.expire_tokens();
        app.call(GetCallbackIp::new()).await.unwrap();
        assert_eq!(sandbox.calls(STABLE), 2, "{at:?}");
        // The token is also refreshed.
        sandbox.advance(Duration::from_secs(7200 - 119));
        for _ in 0..2 {
            app.call(GetCallbackIp::new()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        assert_eq!(sandbox.calls(STABLE), 3, "{at:?}");
    }
}

/// A transport that panics at its first token calls.
#[derive(Clone)]
struct PanicsFirst {
    sandbox: Sandbox,
    left: Arc<AtomicUsize>,
    on_call: bool,
}

impl Service<Request<Bytes>> for PanicsFirst {
    type Response = Response<Bytes>;
    type Error = tower_wechat::sandbox::Broken;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let less = |left: usize| left.checked_sub(1);
        let panics = request.uri().path() == STABLE
            && self
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
                .is_ok();
        match panics {
            true if self.on_call => panic!("on call"),
            true => Box::pin(async { panic!("on poll") }),
            false => self.sandbox.call(request),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_token_fetch_is_a_transient_error() {
    for on_call in [true, false] {
        let sandbox = Sandbox::with_clock(clock());
        let transport = PanicsFirst {
            sandbox: sandbox.clone(),
            left: Arc::new(AtomicUsize::new(1)),
            on_call,
        };
        let builder = Wechat::builder()
            .clock(sandbox.clock())
            .transport(transport);
        let builder = builder.app(sandbox.app_configs().remove(0));
        let tokens = builder.build().unwrap().tokens();
        for _ in 0..10 {
            let error = tokens.get(APPID).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Interrupted);
            assert!(error.is_transient());
        }
        sandbox.advance(Duration::from_secs(1));
        tokens.get(APPID).await.unwrap();
        assert_eq!(sandbox.calls(STABLE), 1);
    }
}
