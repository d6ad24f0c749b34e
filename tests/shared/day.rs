//! A day of several instances, on a platform whose tokens live eight seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{TokenGrant, Wechat};

use crate::server::Server;

const LIFE: Duration = Duration::from_secs(8);
const DAY: Duration = Duration::from_secs(24);

/// One instance: it calls twenty times a second, and restarts every few seconds.
async fn instance(number: u64, sandbox: Sandbox, server: Arc<Server>, grant: TokenGrant) -> usize {
    let (began, mut calls) = (Instant::now(), 0);
    while began.elapsed() < DAY {
        let app = sandbox.app_configs().remove(0).token_grant(grant);
        let wechat = Wechat::builder()
            .transport(sandbox.clone())
            .app(app)
            .token_life(LIFE)
            .shared(server.store())
            .build()
            .unwrap();
        let app = wechat.app(Sandbox::APPID).unwrap();
        let restart = Instant::now() + Duration::from_millis(2000 + 700 * number);
        while Instant::now() < restart {
            app.call(GetCallbackIp::new()).await.unwrap();
            calls += 1;
            sleep(Duration::from_millis(50)).await;
        }
    }
    calls
}

async fn day(grant: TokenGrant, path: &str) {
    let Some(server) = Server::start().map(Arc::new) else {
        return;
    };
    let sandbox = Sandbox::new().token_life(LIFE);
    let lost = Arc::new(AtomicUsize::new(0));
    let instances: Vec<_> = (0..8)
        .map(|number| {
            let (sandbox, server) = (sandbox.clone(), Arc::clone(&server));
            tokio::spawn(instance(number, sandbox, server, grant))
        })
        .collect();
    let flushes = tokio::spawn({
        let (server, lost) = (Arc::clone(&server), Arc::clone(&lost));
        async move {
            sleep(DAY / 2).await;
            server.cli(&["FLUSHALL"]);
            lost.fetch_add(1, Ordering::Relaxed);
        }
    });
    for instance in instances {
        assert!(instance.await.unwrap() > 100);
    }
    flushes.await.unwrap();
    // One at the start, one when each token ends, and one for the loss of the data.
    let lifetimes = 1 + DAY.as_secs().div_ceil(LIFE.as_secs() - 1) as usize;
    let fetches = sandbox.calls(path);
    let most = lifetimes + lost.load(Ordering::Relaxed);
    println!("{fetches} fetches by the {grant:?} grant");
    assert!((3..=most).contains(&fetches), "{fetches} fetches");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_stable_tokens() {
    day(TokenGrant::Stable, "/cgi-bin/stable_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_classic_tokens() {
    day(TokenGrant::Classic, "/cgi-bin/token").await;
}
