//! Instances that call the platform while something happens to their Redis.

use std::thread;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::shared::redis::RedisStore;
use tower_wechat::token::{TokenKey, TokenKind, TokenStore};
use tower_wechat::{AppId, Wechat};

use super::log::{Change, Log};

pub const APPID: &str = Sandbox::APPID;
pub const STABLE: &str = "/cgi-bin/stable_token";

/// The default deadline of a command.
pub const DEADLINE: Duration = Duration::from_millis(300);

/// What a shared machine may add to a deadline.
const SLACK: Duration = Duration::from_millis(700);

/// The documented bound on recovery is a pause of two seconds, a second to connect, and a probe.
const RECOVERY: Duration = Duration::from_secs(6);

/// Many short-lived instances on one store: each starts with an empty cache, so each of its calls
/// asks the store first.
pub struct Bed {
    pub sandbox: Sandbox,
    pub store: RedisStore,
    pub log: Log,
    _listens: Box<dyn std::any::Any>,
}

/// The calls of a while.
#[derive(Debug, Default)]
pub struct Calls {
    pub count: usize,
    /// How many took longer than half a deadline.
    pub slow: usize,
    pub slowest: Duration,
}

impl Bed {
    pub fn new(store: RedisStore) -> Self {
        let log = Log::default();
        Self {
            sandbox: Sandbox::new(),
            store,
            _listens: Box::new(log.listen()),
            log,
        }
    }

    /// Gets a token and calls the platform with it. Neither may fail.
    pub async fn call(&self) -> Duration {
        let app = self.sandbox.app_configs().remove(0);
        let builder = Wechat::builder().transport(self.sandbox.clone());
        let wechat = builder.app(app).shared(self.store.clone()).build().unwrap();
        let began = Instant::now();
        wechat.tokens().get(APPID).await.unwrap();
        let took = began.elapsed();
        wechat
            .app(APPID)
            .unwrap()
            .call(GetCallbackIp::new())
            .await
            .unwrap();
        took
    }

    /// Makes one call after the other while `fault` runs in a thread.
    pub async fn calls_while<T: Send + 'static>(
        &self,
        fault: impl FnOnce() -> T + Send + 'static,
    ) -> (Calls, T) {
        let fault = thread::spawn(fault);
        let mut calls = Calls::default();
        while !fault.is_finished() {
            let took = self.call().await;
            calls.count += 1;
            calls.slow += usize::from(took > DEADLINE / 2);
            calls.slowest = calls.slowest.max(took);
            sleep(Duration::from_millis(20)).await;
        }
        (calls, fault.join().unwrap())
    }

    /// Makes calls for a while.
    pub async fn calls_for(&self, time: Duration) -> Calls {
        self.calls_while(move || thread::sleep(time)).await.0
    }

    /// Uses the store directly. Returns whether it answered.
    pub async fn asks(&self) -> bool {
        self.store.load(&key()).await.is_ok()
    }

    /// Waits until the store is used again, for at most the documented time.
    pub async fn recovers(&self) {
        self.recovers_within(RECOVERY).await;
    }

    pub async fn recovers_within(&self, limit: Duration) {
        let began = Instant::now();
        while !self.asks().await {
            assert!(began.elapsed() < limit, "no recovery: {}", self.log.text());
            sleep(Duration::from_millis(20)).await;
        }
        println!("recovered after {:?}", began.elapsed());
    }

    /// Checks that the circuit opened once and closed once, and that nothing else was logged.
    pub fn opened_and_closed_once(&self) {
        self.changed(&[Change::Down, Change::Up]);
    }

    pub fn changed(&self, changes: &[Change]) {
        assert_eq!(self.log.changes(), changes, "{}", self.log.text());
        assert!(self.log.other_warnings().is_empty(), "{}", self.log.text());
    }
}

impl Calls {
    /// Checks that only one call waited for Redis, and not for longer than the deadline.
    pub fn waited_once(&self) {
        println!("{self:?}");
        assert!(self.count > 5 && self.slow <= 1, "{self:?}");
        assert!(self.slowest < DEADLINE + SLACK, "{self:?}");
    }
}

/// Checks that something took no longer than `limit`.
pub fn within(took: Duration, limit: Duration) {
    assert!(took < limit + SLACK, "{took:?}, and not {limit:?}");
}

pub fn key() -> TokenKey {
    key_of(APPID)
}

pub fn key_of(appid: &str) -> TokenKey {
    TokenKey::new(AppId::new(appid).unwrap(), TokenKind::StableAccessToken)
}
