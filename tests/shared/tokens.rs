//! Tokens that several instances share.

use std::time::{Duration, Instant};

use tower_wechat::sandbox::Sandbox;
use tower_wechat::shared::redis::RedisStore;
use tower_wechat::{AppConfig, TokenGrant, Wechat};

use crate::server::Server;

const APPID: &str = Sandbox::APPID;
const STABLE: &str = "/cgi-bin/stable_token";

/// Creates an instance that shares its state.
fn instance(sandbox: &Sandbox, store: RedisStore) -> Wechat {
    with_app(sandbox, store, |app| app)
}

fn with_app(
    sandbox: &Sandbox,
    store: RedisStore,
    change: impl Fn(AppConfig) -> AppConfig,
) -> Wechat {
    let app = change(sandbox.app_configs().remove(0));
    let builder = Wechat::builder().transport(sandbox.clone());
    builder.app(app).shared(store).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_cold_instances_fetch_one_token() {
    let Some(server) = Server::start() else {
        return;
    };
    for grant in [TokenGrant::Stable, TokenGrant::Classic] {
        let sandbox = Sandbox::new();
        sandbox.delay_next(STABLE, Duration::from_millis(200));
        let began = Instant::now();
        let gets: Vec<_> = (0..8)
            .map(|_| {
                let store = server.store().prefix(&format!("{grant:?}"));
                let wechat = with_app(&sandbox, store, |app| app.token_grant(grant));
                tokio::spawn(async move { wechat.tokens().get(APPID).await.unwrap() })
            })
            .collect();
        let mut tokens = Vec::new();
        for get in gets {
            tokens.push(get.await.unwrap().secret().clone());
        }
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        let fetches = sandbox.calls(STABLE) + sandbox.calls("/cgi-bin/token");
        assert_eq!(fetches, 1, "{grant:?} {:?}", began.elapsed());
        println!("{grant:?} {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn without_a_server_each_instance_fetches_at_once() {
    let sandbox = Sandbox::new();
    let store = RedisStore::new("redis://127.0.0.1:1").unwrap();
    let wechat = instance(&sandbox, store);
    let began = Instant::now();
    wechat.tokens().get(APPID).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_millis(900),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(sandbox.calls(STABLE), 1);
}
