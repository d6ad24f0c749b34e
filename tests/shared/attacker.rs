//! Someone who can read and write the Redis, against sealed records.

use std::time::Duration;

use tower_wechat::AppId;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::shared::redis::{RedisStore, SealKey};
use tower_wechat::token::{Issued, TokenKey, TokenKind, TokenStore};

use crate::server::Server;

const TOKEN: &str = "90_the-access-token-of-the-app";

fn sealed(server: &Server, key: u8) -> RedisStore {
    server.store().seal(SealKey::new([key; 32]))
}

fn key(kind: TokenKind) -> TokenKey {
    TokenKey::new(AppId::new(Sandbox::APPID).unwrap(), kind)
}

fn name(kind: &str) -> String {
    format!("wechat:{{{}}}:token:{kind}", Sandbox::APPID)
}

async fn load(store: &RedisStore, kind: TokenKind) -> Option<String> {
    let token = store.load(&key(kind)).await.unwrap();
    token.map(|token| token.secret.expose().to_owned())
}

#[tokio::test]
async fn a_sealed_token_is_neither_read_nor_moved_nor_changed() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = sealed(&server, 1);
    let stable = key(TokenKind::StableAccessToken);
    let token = Issued::new(TOKEN, Duration::from_secs(7200));
    store.save(&stable, &token).await.unwrap();
    assert_eq!(
        load(&store, TokenKind::StableAccessToken).await.as_deref(),
        Some(TOKEN)
    );

    // Read: nothing in the database has the token.
    let record = server.cli(&["GET", &name("stable")]);
    assert!(
        !record.is_empty() && !record.contains("the-access-token"),
        "{record}"
    );

    // Moved to another kind or app: a miss.
    server.cli(&["COPY", &name("stable"), &name("classic")]);
    assert_eq!(load(&store, TokenKind::AccessToken).await, None);

    // Changed, cut or replaced: a miss, and never an error.
    for (offset, value) in [("33", "x"), ("40", "x"), ("50", "xxxx")] {
        store.save(&stable, &token).await.unwrap();
        server.cli(&["SETRANGE", &name("stable"), offset, value]);
        assert_eq!(
            load(&store, TokenKind::StableAccessToken).await,
            None,
            "{offset}"
        );
    }
    for value in ["", "x", TOKEN] {
        server.cli(&["SET", &name("stable"), value, "PX", "60000"]);
        assert_eq!(load(&store, TokenKind::StableAccessToken).await, None);
    }

    // Planted as a store without a key writes it: a miss.
    server.store().save(&stable, &token).await.unwrap();
    assert_eq!(
        load(&server.store(), TokenKind::StableAccessToken)
            .await
            .as_deref(),
        Some(TOKEN)
    );
    assert_eq!(load(&store, TokenKind::StableAccessToken).await, None);

    // Another key, and none: a miss.
    store.save(&stable, &token).await.unwrap();
    for other in [sealed(&server, 2), server.store()] {
        assert_eq!(load(&other, TokenKind::StableAccessToken).await, None);
    }
    // A rotation reads both.
    let rotated = sealed(&server, 2).previous_seal(SealKey::new([1; 32]));
    assert_eq!(
        load(&rotated, TokenKind::StableAccessToken)
            .await
            .as_deref(),
        Some(TOKEN)
    );
}

#[tokio::test]
async fn a_record_of_another_type_is_an_error_of_that_command_only() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let stable = key(TokenKind::StableAccessToken);
    server.cli(&["RPUSH", &name("stable"), "x"]);
    assert!(store.load(&stable).await.is_err());
    let other = key(TokenKind::JsapiTicket);
    let token = Issued::new(TOKEN, Duration::from_secs(7200));
    store.save(&other, &token).await.unwrap();
    assert_eq!(
        load(&store, TokenKind::JsapiTicket).await.as_deref(),
        Some(TOKEN)
    );
    // Saving replaces it.
    store.save(&stable, &token).await.unwrap();
    assert_eq!(
        load(&store, TokenKind::StableAccessToken).await.as_deref(),
        Some(TOKEN)
    );
}
