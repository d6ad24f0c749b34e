//! Captured pushes that are played to another instance.

use std::time::Duration;

use http::StatusCode;
use tower_wechat::callback::{Mode, Rejection};

use super::{Calls, capture, hello, instance, sandbox, send};
use crate::server::Server;

const NONE: Duration = Duration::ZERO;

#[tokio::test]
async fn a_captured_push_is_not_run_by_another_instance() {
    let Some(server) = Server::start() else {
        return;
    };
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let (sandbox, calls) = (sandbox(mode), Calls::default());
        let prefixed = || server.store().prefix(&format!("{mode:?}"));
        let first = instance(&sandbox, prefixed(), &calls, NONE);
        let (reply, captured) = capture(&sandbox, hello(&sandbox), &first).await;
        assert_eq!(reply, "reply 1");
        let second = instance(&sandbox, prefixed(), &calls, NONE);
        assert_eq!(send(&captured, &second).await.status(), StatusCode::OK);
        assert_eq!(calls.count(), 1);
        // The records outlive the timestamp, which is accepted for twenty minutes.
        let keys = server.cli(&["--scan", "--pattern", &format!("{mode:?}:*:[ps]*:*")]);
        assert_eq!(
            keys.lines().count(),
            if mode == Mode::Plaintext { 2 } else { 1 },
            "{keys}"
        );
        for key in keys.lines() {
            let left: u64 = server.cli(&["TTL", key]).parse().unwrap();
            assert!((1450..=1502).contains(&left), "{key}: {left} s");
        }
    }
}

#[tokio::test]
async fn a_plaintext_signature_accepts_no_other_body_on_another_instance() {
    let Some(server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Plaintext), Calls::default());
    let [one, two, three] = [(); 3].map(|()| instance(&sandbox, server.store(), &calls, NONE));
    let push = hello(&sandbox);
    let (_, captured) = capture(&sandbox, push.clone(), &one).await;
    let (_, retry) = capture(&sandbox, push, &one).await;
    for captured in [captured, retry] {
        let refused = send(&captured.forged(), &two).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(refused.body().rejection(), Some(Rejection::Replayed));
        assert!(refused.into_body().into_bytes().is_empty());
        // The genuine request is not run either.
        assert_eq!(send(&captured, &three).await.status(), StatusCode::OK);
    }
    assert_eq!(calls.count(), 1);
}

/// Both arrive at the same moment, at two instances.
#[tokio::test]
async fn of_two_bodies_with_one_signature_one_is_run() {
    let Some(server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Plaintext), Calls::default());
    // An instance with other state, to sign a push.
    let signing = instance(&sandbox, server.store().prefix("other"), &calls, NONE);
    for round in 0..20 {
        let (_, captured) = capture(&sandbox, hello(&sandbox), &signing).await;
        let before = calls.count();
        let forged = captured.forged();
        let instances = [(); 2].map(|()| {
            let store = server.store().prefix(&format!("round{round}"));
            instance(&sandbox, store, &calls, NONE)
        });
        let (one, two) = tokio::join!(send(&captured, &instances[0]), send(&forged, &instances[1]));
        let mut statuses = [one.status().as_u16(), two.status().as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403]);
        assert_eq!(calls.count(), before + 1);
    }
}
