//! What someone with the Redis can read and change.

use std::time::Duration;

use http::StatusCode;
use tower_wechat::callback::Mode;
use tower_wechat::shared::redis::SealKey;

use super::{Calls, capture, hello, instance, sandbox, send};
use crate::server::Server;

const NONE: Duration = Duration::ZERO;

/// Returns all keys and values.
fn dump(server: &Server) -> String {
    let keys = server.cli(&["--scan"]);
    let values = keys.lines().map(|key| server.cli(&["GET", key]));
    let values: Vec<_> = values.collect();
    format!("{keys}\n{}", values.join("\n"))
}

#[tokio::test]
async fn without_a_seal_the_reply_is_readable_and_with_it_nothing_is() {
    for sealed in [false, true] {
        let Some(server) = Server::start() else {
            return;
        };
        let (sandbox, calls) = (sandbox(Mode::Plaintext), Calls::default());
        let store = || match sealed {
            false => server.store(),
            true => server.store().seal(SealKey::new([7; 32])),
        };
        let one = instance(&sandbox, store(), &calls, NONE);
        let user = sandbox.user("Hui");
        let push = tower_wechat::sandbox::Push::text(&user, "hello there");
        let (reply, captured) = capture(&sandbox, push, &one).await;
        let dump = dump(&server);
        let body = String::from_utf8(captured.body.to_vec()).unwrap();
        let id = body.split("<MsgId><![CDATA[").nth(1).unwrap();
        let id = id.split("]]>").next().unwrap();
        assert_eq!(dump.contains(&reply), !sealed, "{dump}");
        for secret in [id, &user.openid(), "hello there"] {
            assert!(!dump.contains(secret), "{secret}: {dump}");
        }
        let signature = captured
            .uri
            .query()
            .unwrap()
            .split("signature=")
            .nth(1)
            .unwrap();
        assert!(!dump.contains(&signature[..16]), "{dump}");
        // Another instance with the key reads it.
        let two = instance(&sandbox, store(), &calls, NONE);
        assert_eq!(send(&captured, &two).await.status(), StatusCode::OK);
        assert_eq!(calls.count(), 1);
    }
}

/// A reply that was moved from another push is not given to the user.
#[tokio::test]
async fn a_record_of_another_push_is_a_miss() {
    let Some(server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let store = || server.store().seal(SealKey::new([7; 32]));
    let [one, two] = [(); 2].map(|()| instance(&sandbox, store(), &calls, NONE));
    capture(&sandbox, hello(&sandbox), &one).await;
    let pushes = ["--scan", "--pattern", "*:push:*"];
    let first = server.cli(&pushes);
    let (reply, captured) = capture(&sandbox, hello(&sandbox), &one).await;
    assert_eq!(reply, "reply 2");
    let keys = server.cli(&pushes);
    let second = keys.lines().find(|key| *key != first).unwrap();
    assert_eq!(server.cli(&["COPY", &first, second, "REPLACE"]), "1");
    let answer = send(&captured, &two).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(calls.count(), 3, "it is handled again");
}

#[tokio::test]
async fn without_the_key_or_with_another_nothing_is_shared_and_nothing_fails() {
    let Some(server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let key = |byte| SealKey::new([byte; 32]);
    let stores = [
        server.store(),
        server.store().seal(key(1)),
        server.store().seal(key(2)),
    ];
    let [one, others @ ..] = stores.map(|store| instance(&sandbox, store, &calls, NONE));
    let (_, captured) = capture(&sandbox, hello(&sandbox), &one).await;
    for other in others {
        assert_eq!(send(&captured, &other).await.status(), StatusCode::OK);
    }
    assert_eq!(calls.count(), 3);
}

#[tokio::test]
async fn a_key_is_replaced_while_instances_with_the_old_one_run() {
    let Some(server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let (old, new) = (SealKey::new([1; 32]), SealKey::new([2; 32]));
    let both = server.store().seal(new).previous_seal(old.clone());
    let one = instance(&sandbox, server.store().seal(old), &calls, NONE);
    let two = instance(&sandbox, both, &calls, NONE);
    let (_, captured) = capture(&sandbox, hello(&sandbox), &one).await;
    assert_eq!(send(&captured, &two).await.status(), StatusCode::OK);
    assert_eq!(calls.count(), 1);
}
