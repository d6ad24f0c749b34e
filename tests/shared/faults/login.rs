//! Users and passwords.

use std::time::Duration;

use tower_wechat::shared::redis::RedisStore;

use super::bed::Bed;
use super::log::Change;
use crate::server::Server;

/// A server with the user `shop`, under these rules.
fn with_user(rules: &[&str]) -> Option<Server> {
    let server = Server::start()?;
    let user = ["ACL", "SETUSER", "shop", "on", ">the-password"];
    assert_eq!(server.cli(&[&user, rules].concat()), "OK");
    Some(server)
}

fn store(server: &Server) -> RedisStore {
    server.store().username("shop").password("the-password")
}

/// A server on which only `shop` may use the keys of the store.
fn server() -> Option<Server> {
    let server = with_user(&["~wechat:*", "+@all", "-@dangerous"])?;
    assert_eq!(server.cli(&["ACL", "SETUSER", "default", "off"]), "OK");
    Some(server)
}

#[tokio::test]
async fn a_user_and_a_password_log_in() {
    let Some(server) = server() else { return };
    let url = format!("redis://shop:the-password@127.0.0.1:{}", server.port);
    let of_settings = server.store().username("shop").password("the-password");
    for (store, prefix) in [
        (RedisStore::new(&url).unwrap(), "wechat:a"),
        (of_settings, "wechat:b"),
    ] {
        let bed = Bed::new(store.prefix(prefix));
        bed.call().await;
        assert!(bed.asks().await);
        bed.changed(&[]);
    }
}

#[tokio::test]
async fn a_wrong_password_is_logged_once_and_never_shown() {
    let Some(server) = server() else { return };
    let bed = Bed::new(server.store().username("shop").password("wr0ng-password"));
    bed.calls_for(Duration::from_secs(3)).await.waited_once();
    bed.changed(&[Change::Down]);
    let text = bed.log.text();
    assert!(text.contains("authentication failed"), "{text}");
    assert!(!text.contains("wr0ng"), "{text}");
    assert!(!format!("{:?}", bed.store).contains("wr0ng"));
}

#[tokio::test]
async fn a_user_that_may_run_no_script_is_logged_once() {
    let Some(server) = with_user(&["~wechat:*", "+@all", "-@scripting"]) else {
        return;
    };
    let bed = Bed::new(store(&server));
    bed.calls_for(Duration::from_secs(3)).await.waited_once();
    bed.changed(&[Change::Down]);
    assert!(bed.log.text().contains("NoPerm"), "{}", bed.log.text());
}

/// The probe succeeds, and the commands do not.
#[tokio::test]
async fn a_server_that_fails_after_each_probe_is_tried_less_and_less_often() {
    let Some(server) = with_user(&["~*:probe", "+@all"]) else {
        return;
    };
    let bed = Bed::new(store(&server));
    let calls = bed.calls_for(Duration::from_secs(5)).await;
    let downs = bed.log.changes().len() / 2;
    assert!(
        (2..12).contains(&downs) && calls.count > 50,
        "{downs} {calls:?}"
    );
}
