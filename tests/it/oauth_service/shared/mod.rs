//! Several instances that share a store of codes: a browser's requests reach any of them.

mod faults;
mod stored;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tower::ServiceExt;
use tower_wechat::api::oauth::Scope;
use tower_wechat::oauth::{CodeStore, MemoryCodeStore};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{
    Body, BoxFuture, Clock, ErrCode, ManualClock, Runtime, TokioRuntime, Wechat, WechatBuilder,
};

use super::{Browser, Login, PROFILE, TRADE, consent, location, login, path, session, text, user};
use crate::support::clock;

/// Returns two instances with a client and a memory of their own.
fn two(sandbox: &Sandbox, store: &(impl CodeStore + Clone)) -> [Login; 2] {
    [(); 2].map(|()| {
        let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
        login(app).code_store(store.clone())
    })
}

/// Returns two instances that share a store in memory.
fn instances() -> (Sandbox, [Login; 2]) {
    let sandbox = Sandbox::with_clock(clock());
    let store = MemoryCodeStore::with_clock(sandbox.clock(), 100);
    let two = two(&sandbox, &store);
    (sandbox, two)
}

/// Signs a browser in, up to the address with the code.
async fn come_back(sandbox: &Sandbox, login: &Login) -> (Browser, String) {
    let mut browser = Browser::default();
    let back = browser.consent(sandbox, login, "").await;
    (browser, path(&back))
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_ends_and_is_repeated_on_any_instance() {
    let (sandbox, [one, two]) = instances();
    let openid = user(&sandbox);
    let mut browser = Browser::default();
    let page = location(&browser.get(&one, "/start?return_to=/cart").await);
    let back = path(&consent(&sandbox, &page).await);
    // The first redirect and a second one, reloads, and the Back button: a second code with the
    // same state.
    let again = path(&consent(&sandbox, &page).await);
    assert_ne!(again, back);
    for (login, back) in [
        (&two, &back),
        (&one, &back),
        (&two, &back),
        (&one, &again),
        (&two, &again),
    ] {
        let done = browser.get(login, back).await;
        assert_eq!(session(&done), Some(&*openid));
        assert_eq!(location(&done), "/cart");
    }
    assert_eq!((sandbox.calls(TRADE), sandbox.calls(PROFILE)), (1, 1));

    // The result outlives the state on all instances, and expires on all at the same time.
    sandbox.advance(Duration::from_secs(299));
    for login in [&one, &two] {
        assert_eq!(session(&browser.get(login, &back).await), Some(&*openid));
    }
    sandbox.advance(Duration::from_secs(1));
    for login in [&one, &two] {
        let late = browser.get(login, &back).await;
        assert_eq!(late.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test(start_paused = true)]
async fn one_code_on_all_instances_at_once_is_one_exchange() {
    let (sandbox, [one, two]) = instances();
    let (browser, back) = come_back(&sandbox, &one).await;
    for call in [TRADE, PROFILE] {
        sandbox.delay_next(call, Duration::from_secs(2));
    }
    let requests: Vec<_> = (0..100)
        .map(|number| {
            let login = if number % 2 == 0 { &one } else { &two };
            tokio::spawn(login.clone().oneshot(browser.request(&back)))
        })
        .collect();
    for request in requests {
        let response = request.await.unwrap().unwrap();
        assert_eq!(session(&response), Some(&*user(&sandbox)));
    }
    assert_eq!((sandbox.calls(TRADE), sandbox.calls(PROFILE)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn another_browser_gets_the_result_on_no_instance() {
    let (sandbox, [one, two]) = instances();
    let (mut browser, back) = come_back(&sandbox, &one).await;
    let (mut other, theirs) = come_back(&sandbox, &two).await;
    let done = browser.get(&one, &back).await;
    assert_eq!(session(&done), Some(&*user(&sandbox)));

    let (_, state) = theirs.split_once("&state=").unwrap();
    let (code, _) = back.split_once("&state=").unwrap();
    let stolen = format!("{code}&state={state}");
    let two = two.rejection_page(|rejection, _| {
        let mut page = Response::new(Body::from(rejection.to_string()));
        *page.status_mut() = rejection.status();
        page
    });
    let refused = other.get(&two, &stolen).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(session(&refused), None);
    assert_eq!(text(refused), "the code was used with another state");
    // The address alone, without the cookie.
    let refused = Browser::default().get(&two, &back).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(sandbox.calls(TRADE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_shared_unless_it_concerns_one_instance() {
    for (code, status, calls) in [
        (ErrCode::INVALID_CODE, StatusCode::FORBIDDEN, 1),
        // The secret of one instance is wrong.
        (ErrCode::INVALID_APP_SECRET, StatusCode::FOUND, 2),
        // Transient.
        (ErrCode::SYSTEM_BUSY, StatusCode::FOUND, 2),
    ] {
        let (sandbox, [one, two]) = instances();
        let (mut browser, back) = come_back(&sandbox, &one).await;
        sandbox.fail_next(TRADE, code);
        let refused = browser.get(&one, &back).await;
        assert_eq!(session(&refused), None);
        let began = Instant::now();
        for _ in 0..2 {
            let response = browser.get(&two, &back).await;
            assert_eq!(response.status(), status, "{code}");
        }
        assert_eq!(sandbox.calls(TRADE), calls, "{code}");
        assert!(began.elapsed() < Duration::from_secs(1), "the claim ended");
    }
}

#[tokio::test(start_paused = true)]
async fn another_instance_fetches_the_profile_that_one_could_not() {
    let (sandbox, [one, two]) = instances();
    let (mut browser, back) = come_back(&sandbox, &one).await;
    for _ in 0..3 {
        sandbox.fail_next(PROFILE, ErrCode::SYSTEM_BUSY);
    }
    let failed = browser.get(&one, &back).await;
    assert_eq!(failed.status(), StatusCode::SERVICE_UNAVAILABLE);
    let done = browser.get(&two, &back).await;
    assert_eq!(session(&done), Some(&*user(&sandbox)));
    assert_eq!((sandbox.calls(TRADE), sandbox.calls(PROFILE)), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn services_with_other_settings_do_not_share_users() {
    let (sandbox, [one, two]) = instances();
    sandbox.user("Hui🐠").set_snapshot(true);
    let (mut browser, back) = come_back(&sandbox, &one).await;
    let done = browser.get(&one, &back).await;
    assert_eq!(session(&done), Some(&*user(&sandbox)));
    let strict = two.clone().reject_snapshot();
    for _ in 0..2 {
        let refused = browser.get(&strict, &back).await;
        assert_eq!(session(&refused), None);
        assert!(text(refused).contains("page preview"));
    }
    let base = two.scope(Scope::Base);
    let profiles = sandbox.calls(PROFILE);
    let done = browser.get(&base, &back).await;
    assert_eq!(session(&done), Some(&*user(&sandbox)));
    assert_eq!(
        (sandbox.calls(TRADE), sandbox.calls(PROFILE)),
        (1, profiles)
    );
}

/// A clock that follows tokio's.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        ManualClock::at_unix(1_767_225_600).now() + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A runtime whose tasks can be stopped, as when the process is killed.
#[derive(Clone, Default)]
struct Mortal(Arc<Mutex<Vec<AbortHandle>>>);

impl Mortal {
    fn kill(&self) {
        let tasks = std::mem::take(&mut *self.0.lock().unwrap());
        tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Runtime for Mortal {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let task = tokio::spawn(task).abort_handle();
        self.0.lock().unwrap().push(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        TokioRuntime::default().sleep(duration)
    }
}

/// Returns an instance that never gets an answer from the platform.
fn unanswered(builder: WechatBuilder, sandbox: &Sandbox, store: &MemoryCodeStore) -> Login {
    let transport = tower::service_fn(|_: Request<Bytes>| {
        std::future::pending::<Result<Response<Bytes>, std::fmt::Error>>()
    });
    let builder = builder.clock(sandbox.clock()).transport(transport);
    let wechat = builder.app(sandbox.app_configs().remove(0)).build();
    let app = wechat.unwrap().app(Sandbox::APPID).unwrap();
    login(app).code_store(store.clone())
}

#[tokio::test(start_paused = true)]
async fn another_instance_takes_over_from_one_that_died() {
    let sandbox = Sandbox::with_clock(clock());
    let store = MemoryCodeStore::with_clock(TokioClock(Instant::now()), 100);
    let [two, _] = two(&sandbox, &store);
    let tasks = Mortal::default();
    let one = unanswered(Wechat::builder().runtime(tasks.clone()), &sandbox, &store);
    let (mut browser, back) = come_back(&sandbox, &one).await;
    let request = tokio::spawn(one.oneshot(browser.request(&back)));
    tokio::time::sleep(Duration::from_secs(2)).await;
    tasks.kill();
    let lost = request.await.unwrap().unwrap();
    assert_eq!(lost.status(), StatusCode::SERVICE_UNAVAILABLE);

    let began = Instant::now();
    let done = browser.get(&two, &back).await;
    assert_eq!(session(&done), Some(&*user(&sandbox)));
    let waited = began.elapsed().as_millis();
    assert!((13_000..=13_200).contains(&waited), "{waited}");
    assert_eq!(sandbox.calls(TRADE), 1);
}
