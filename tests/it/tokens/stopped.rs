//! Callers on one runtime that wait for work on another runtime that has stopped.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::token::Status;
use tower_wechat::{BoxFuture, Error, ErrorKind, Secret, TokenGrant, Tokens, TokioRuntime, Wechat};

use crate::support::{CLASSIC, STABLE, clock};

const APPID: &str = Sandbox::APPID;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Returns a runtime whose timers fire at once.
fn fast() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap()
}

/// Returns a runtime that polled `work` for a moment and is then not driven any more.
fn stopped<T>(work: impl Future<Output = T>) -> Runtime {
    let runtime = runtime();
    let moment = Duration::from_millis(20);
    let ended = runtime.block_on(async { timeout(moment, work).await.is_ok() });
    assert!(!ended);
    runtime
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), work)
        .await
        .expect("a bounded wait")
}

async fn get(tokens: &Tokens) -> Result<Secret, Error> {
    Ok(tokens.get(APPID).await?.secret().clone())
}

#[test]
fn a_waiter_fetches_when_the_runtime_of_the_fetch_is_stopped() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(STABLE, Duration::from_secs(1));
    let _still = stopped(get(&tokens));
    fast().block_on(async {
        let waiters: Vec<_> = (0..1_000)
            .map(|_| {
                let tokens = tokens.clone();
                tokio::spawn(async move { soon(get(&tokens)).await.unwrap() })
            })
            .collect();
        for waiter in waiters {
            waiter.await.unwrap();
        }
    });
    assert_eq!(sandbox.calls(STABLE), 2, "one of them fetched");
}

#[test]
fn a_waiter_fetches_in_seconds_of_real_time() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(STABLE, Duration::from_secs(1));
    let _still = stopped(get(&tokens));
    runtime().block_on(async { soon(get(&tokens)).await.unwrap() });
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[test]
fn a_waiter_fetches_when_the_runtime_of_the_fetch_is_shut_down() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(STABLE, Duration::from_secs(3600));
    let still = stopped(get(&tokens));
    fast().block_on(async {
        let waiter = tokio::spawn({
            let tokens = tokens.clone();
            async move { get(&tokens).await }
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        still.shutdown_background();
        soon(waiter).await.unwrap().unwrap();
    });
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[test]
fn a_resumed_fetch_does_not_replace_the_token_of_its_successor() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.app_configs().remove(0);
    let app = app.token_grant(TokenGrant::Classic);
    let builder = Wechat::builder().clock(sandbox.clock());
    let builder = builder.transport(sandbox.clone()).app(app);
    let tokens = builder.build().unwrap().tokens();
    sandbox.delay_next(CLASSIC, Duration::from_millis(50));
    let still = stopped(get(&tokens));
    let taken = fast().block_on(async { soon(get(&tokens)).await.unwrap() });
    still.block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
    let kept = fast().block_on(async { soon(get(&tokens)).await.unwrap() });
    assert_eq!(taken, kept);
    assert_eq!(sandbox.calls(CLASSIC), 2);
}

#[test]
fn a_token_is_refreshed_when_the_runtime_of_a_refresh_is_stopped() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    let old = fast().block_on(async { get(&tokens).await.unwrap() });
    sandbox.advance(Duration::from_secs(7200 - 119));
    sandbox.delay_next(STABLE, Duration::from_secs(1));
    let _still = stopped(async {
        get(&tokens).await.unwrap(); // starts the refresh
        std::future::pending::<()>().await;
    });
    assert_eq!(sandbox.calls(STABLE), 2);
    sandbox.advance(Duration::from_secs(60));
    fast().block_on(async {
        assert_eq!(tokens.status(APPID).await, Some(Status::Stale));
        assert_eq!(get(&tokens).await.unwrap(), old);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
        get(&tokens).await.unwrap();
    });
    assert_eq!(sandbox.calls(STABLE), 3);
}

/// Accepts tasks and runs none.
#[derive(Default)]
struct Idle(Mutex<Vec<BoxFuture<'static, ()>>>);

impl tower_wechat::Runtime for Idle {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.lock().unwrap().push(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        TokioRuntime::default().sleep(duration)
    }
}

#[tokio::test(start_paused = true)]
async fn callers_do_not_hang_when_no_task_is_run() {
    let sandbox = Sandbox::with_clock(clock());
    let builder = Wechat::builder().transport(sandbox.clone());
    let builder = builder.runtime(Idle::default());
    let wechat = builder.app(sandbox.app_configs().remove(0)).build();
    let get = timeout(Duration::from_secs(30), async {
        get(&wechat.unwrap().tokens()).await
    });
    let error = get.await.expect("a bounded wait").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn a_caller_outside_the_runtime_can_wait_for_the_fetch() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(STABLE, Duration::from_millis(300));
    let still = stopped(get(&tokens));
    let driver = std::thread::spawn(move || {
        still.block_on(async { tokio::time::sleep(Duration::from_secs(1)).await });
    });
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut waiter = Box::pin(get(&tokens));
    let token = loop {
        match waiter.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(token) => break token,
            Poll::Pending => std::thread::park(),
        }
    };
    token.unwrap();
    driver.join().unwrap();
    assert_eq!(sandbox.calls(STABLE), 1);
}

/// A slow fetch still makes progress, so no waiter starts a second one.
#[tokio::test(start_paused = true)]
async fn a_slow_fetch_is_not_taken_over() {
    let sandbox = Sandbox::with_clock(clock());
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(STABLE, Duration::from_secs(9));
    let waiters: Vec<_> = (0..10)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { get(&tokens).await })
        })
        .collect();
    for waiter in waiters {
        waiter.await.unwrap().unwrap();
    }
    assert_eq!(sandbox.calls(STABLE), 1);
}
