//! Setting the clock back or forward, or suspending the machine, neither extends nor bypasses a
//! timeout.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use tower::{ServiceExt, service_fn};
use tower_wechat::client::Hosts;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::scan_login::{MemoryScanStore, ScanStore};
use tower_wechat::token::{MemoryTokenStore, Status, TokenKey, TokenKind, TokenStore};
use tower_wechat::{AppId, BoxError, Clock, ErrCode, ManualClock, Wechat};

use crate::support::{STABLE, clock};

const APPID: &str = Sandbox::APPID;
const DAY: Duration = Duration::from_secs(24 * 3600);
const TICKET: &str = "/cgi-bin/ticket/getticket";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

trait Set {
    fn back(&self, by: Duration);
    fn forward(&self, by: Duration);
}

impl Set for ManualClock {
    fn back(&self, by: Duration) {
        self.set(self.now() - by);
    }

    fn forward(&self, by: Duration) {
        self.set(self.now() + by);
    }
}

/// Returns a sandbox with its own clock.
fn stage() -> (Sandbox, Wechat, ManualClock) {
    let (sandbox, clock) = (Sandbox::new(), clock());
    let mut builder = Wechat::builder().clock(clock.clone());
    for app in sandbox.app_configs() {
        builder = builder.app(app);
    }
    let wechat = builder.transport(sandbox.clone()).build().unwrap();
    (sandbox, wechat, clock)
}

#[tokio::test(start_paused = true)]
async fn a_token_and_a_ticket_expire_after_the_clock_is_set_back() {
    let (sandbox, wechat, clock) = stage();
    let tokens = wechat.tokens();
    tokens.get(APPID).await.unwrap();
    tokens.ticket(APPID).await.unwrap();
    clock.back(DAY);
    assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
    clock.advance(seconds(7200));
    assert_eq!(tokens.status(APPID).await, Some(Status::Expired));
    tokens.ticket(APPID).await.unwrap();
    assert_eq!((sandbox.calls(STABLE), sandbox.calls(TICKET)), (2, 2));
    assert_eq!(tokens.status(APPID).await, Some(Status::Fresh));
}

#[tokio::test(start_paused = true)]
async fn a_token_expires_while_the_machine_is_suspended() {
    let (sandbox, wechat, clock) = stage();
    let tokens = wechat.tokens();
    let token = tokens.get(APPID).await.unwrap();
    clock.forward(seconds(7200 - 400));
    assert_eq!(token.status(&clock), Status::Fresh);
    assert_eq!(token.expires_in(&clock), seconds(390));
    clock.forward(seconds(400));
    assert_eq!(tokens.status(APPID).await, Some(Status::Expired));
    tokens.get(APPID).await.unwrap();
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_error_is_cached_for_ten_seconds_after_the_clock_is_set_back() {
    let (sandbox, wechat, clock) = stage();
    sandbox.fail_next(STABLE, ErrCode::INVALID_APP_SECRET);
    let tokens = wechat.tokens();
    let refused = async || tokens.get(APPID).await.unwrap_err().errcode();
    assert_eq!(refused().await, Some(ErrCode::INVALID_APP_SECRET));
    clock.back(DAY);
    assert_eq!(refused().await, Some(ErrCode::INVALID_APP_SECRET));
    clock.advance(seconds(10));
    tokens.get(APPID).await.unwrap();
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reinstated_token_is_retired_again_after_the_clock_is_set_back() {
    let (sandbox, wechat, clock) = stage();
    let tokens = wechat.tokens();
    let used = tokens.get(APPID).await.unwrap();
    // The first retirement spends the forced refresh; the second finds none left.
    let first = tokens.renew(APPID, used.secret()).await.unwrap();
    let second = tokens.renew(APPID, first.secret()).await.unwrap();
    assert_eq!(second.secret(), first.secret());
    let asked = sandbox.calls(STABLE);
    tokens.renew(APPID, first.secret()).await.unwrap();
    assert_eq!(sandbox.calls(STABLE), asked, "it is reinstated");
    clock.back(DAY);
    clock.advance(seconds(30));
    tokens.renew(APPID, first.secret()).await.unwrap();
    assert!(sandbox.calls(STABLE) > asked);
}

#[tokio::test]
async fn the_budget_of_forced_refreshes_uses_monotonic_time() {
    let clock = clock();
    let store = MemoryTokenStore::with_clock(clock.clone());
    let key = TokenKey::new(AppId::new(APPID).unwrap(), TokenKind::StableAccessToken);
    let take = async || store.take_forced_refresh(&key).await.unwrap();
    assert!(take().await);
    clock.forward(DAY);
    assert!(!take().await, "a clock that is set forward grants none");
    clock.back(DAY + DAY);
    clock.advance(seconds(30));
    assert!(take().await, "a clock that is set back denies none");
    for _ in 2..20 {
        clock.advance(seconds(30));
        assert!(take().await);
    }
    clock.forward(DAY);
    clock.advance(seconds(30));
    assert!(!take().await);
    clock.back(DAY);
    clock.advance(DAY);
    assert!(take().await);
}

#[tokio::test(start_paused = true)]
async fn calls_return_to_the_first_host_after_the_clock_is_set_back() {
    let clock = clock();
    let hosts = Hosts::default();
    let (sandbox, down) = (
        Sandbox::new(),
        std::sync::Arc::new(std::sync::Mutex::new(true)),
    );
    let platform = {
        let (sandbox, down) = (sandbox.clone(), down.clone());
        service_fn(move |request: Request<Bytes>| {
            let first = request.uri().host() == Some("api.weixin.qq.com");
            let refuses = first && *down.lock().unwrap();
            let sandbox = sandbox.clone();
            async move {
                if refuses {
                    let answer = Response::builder().status(502).body(Bytes::new());
                    return Ok::<_, BoxError>(answer?);
                }
                let mut answer = sandbox.oneshot(request).await?;
                answer
                    .headers_mut()
                    .insert("x-first", u16::from(first).into());
                Ok(answer)
            }
        })
    };
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let listening = {
        let seen = seen.clone();
        platform.map_response(move |answer: Response<Bytes>| {
            let first = answer.headers().get("x-first").is_some_and(|it| it == "1");
            seen.lock().unwrap().push(first);
            answer
        })
    };
    let app = sandbox.app_configs().remove(0);
    let wechat = Wechat::builder()
        .app(app)
        .hosts(hosts)
        .clock(clock.clone())
        .transport(listening)
        .build()
        .unwrap();
    wechat.tokens().get(APPID).await.unwrap();
    assert_eq!(seen.lock().unwrap().last(), Some(&false));
    *down.lock().unwrap() = false;
    clock.back(DAY);
    clock.advance(seconds(60));
    let app = wechat.app(APPID).unwrap();
    app.call(tower_wechat::api::network::GetCallbackIp::default())
        .await
        .unwrap();
    assert_eq!(seen.lock().unwrap().last(), Some(&true));
}

#[tokio::test]
async fn scans_expire_by_either_clock() {
    for sleeps in [false, true] {
        let clock = clock();
        let scans = MemoryScanStore::new(clock.clone(), 2);
        for scene in ["a", "b"] {
            assert!(scans.open(scene, seconds(300)).await.unwrap());
        }
        assert!(!scans.open("c", seconds(300)).await.unwrap());
        match sleeps {
            true => clock.forward(seconds(300)),
            false => {
                clock.back(DAY);
                clock.advance(seconds(299));
                assert!(!scans.open("c", seconds(300)).await.unwrap());
                clock.advance(seconds(1));
            }
        }
        assert!(scans.open("c", seconds(300)).await.unwrap());
        assert_eq!(scans.wait("a").await.unwrap(), None);
    }
}

#[test]
fn setting_the_wall_clock_does_not_change_monotonic_time() {
    let clock = clock();
    let later = SystemTime::UNIX_EPOCH + DAY;
    clock.set(later);
    clock.advance(seconds(1));
    assert_eq!(clock.now(), later + seconds(1));
    assert_eq!(clock.monotonic(), seconds(1));
}
