//! The pushes of apps that are added, replaced and removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, StatusCode};
use tokio::sync::Notify;
use tower::{Service, ServiceExt};
use tower_wechat::callback::{Mode, Rejection};
use tower_wechat::routes::Routes;
use tower_wechat::{AppConfig, Body, Callback, CallbackKeys, Message, Wechat, handler_fn};

use super::{APPID, OTHER, appid, empty};
use crate::callback::support::{NOW, Platform, Push, text_document};

/// Returns the handle of an app with these keys.
fn with(keys: CallbackKeys) -> Wechat {
    let (_, _, wechat) = empty();
    replace(&wechat, keys);
    wechat
}

fn replace(wechat: &Wechat, keys: CallbackKeys) {
    let app = AppConfig::new(APPID, "the secret").callback(keys);
    wechat.insert_app(app).unwrap();
}

/// The platform's side of keys in secure mode with this token and a key made of this letter.
fn platform(token: &str, letter: char) -> Platform {
    let key = letter.to_string().repeat(43);
    Platform::new(Mode::Secure).token(token).aes_key(key)
}

/// Returns a new push.
fn push(platform: &Platform) -> Push {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let platform = platform.clone().nonce(format!("n{number}"));
    platform.push(&text(number))
}

fn text(number: usize) -> String {
    text_document(NOW, 25_000 + number as u64)
}

async fn sent<S>(routes: &S, path: &str, push: &Push) -> (StatusCode, Option<Rejection>)
where
    S: Service<Request<Body>, Response = http::Response<Body>, Error = std::convert::Infallible>
        + Clone,
{
    let mut push = push.clone();
    let body = Body::from(push.body.clone());
    let request = push.path(path).request_with(body);
    let response = routes.clone().oneshot(request).await.unwrap();
    (response.status(), response.body().rejection())
}

fn handler()
-> impl Service<Message, Response = &'static str, Error = std::convert::Infallible, Future: Send>
+ Clone
+ Send {
    handler_fn(|_: Message| async { "hello" })
}

const OK: (StatusCode, Option<Rejection>) = (StatusCode::OK, None);
const UNKNOWN: (StatusCode, Option<Rejection>) = (StatusCode::NOT_FOUND, None);
const UNSIGNED: (StatusCode, Option<Rejection>) =
    (StatusCode::FORBIDDEN, Some(Rejection::Signature));
const FOREIGN: (StatusCode, Option<Rejection>) =
    (StatusCode::FORBIDDEN, Some(Rejection::Undecryptable));

#[tokio::test]
async fn an_added_app_receives_pushes_at_once_with_the_settings_of_the_others() {
    let (_, _, wechat) = empty();
    let limited = |callback: Callback<()>| callback.body_limit(1 << 10);
    let routes = wechat.routes().on_message(handler()).callbacks(limited);
    let clone = routes.clone();
    let platform = platform("one", 'a');
    let (own, bare) = (format!("/wxmsg/{APPID}"), "/wxmsg");
    for path in [&own, bare] {
        assert_eq!(sent(&routes, path, &push(&platform)).await, UNKNOWN);
    }
    replace(&wechat, platform.keys());
    for routes in [&routes, &clone, &wechat.routes().on_message(handler())] {
        for path in [&own, bare] {
            assert_eq!(sent(routes, path, &push(&platform)).await, OK);
        }
    }
    let long =
        platform.push(&text(0).replace("</xml>", &format!("<A>{}</A></xml>", "a".repeat(2000))));
    let too_long = (StatusCode::PAYLOAD_TOO_LARGE, Some(Rejection::BodyTooLarge));
    assert_eq!(sent(&routes, &own, &long).await, too_long);

    // With two apps, the path must name one.
    let other = AppConfig::new(OTHER, "secret").callback(CallbackKeys::plaintext("two").unwrap());
    wechat.insert_app(other).unwrap();
    assert_eq!(sent(&routes, bare, &push(&platform)).await, UNKNOWN);
    let theirs = Platform::new(Mode::Plaintext).token("two").appid(OTHER);
    assert_eq!(
        sent(&routes, &format!("/wxmsg/{OTHER}"), &push(&theirs)).await,
        OK
    );
    // An app without keys doesn't count.
    wechat.insert_app(AppConfig::new(OTHER, "secret")).unwrap();
    assert_eq!(sent(&routes, bare, &push(&platform)).await, OK);
    assert_eq!(
        sent(&routes, &format!("/wxmsg/{OTHER}"), &push(&theirs)).await,
        UNKNOWN
    );

    assert!(wechat.remove_app(APPID));
    for path in [&own, bare] {
        assert_eq!(sent(&routes, path, &push(&platform)).await, UNKNOWN);
    }
}

#[tokio::test]
async fn replaced_keys_are_accepted_until_they_are_replaced_again() {
    let [one, two, three] = [("one", 'a'), ("two", 'b'), ("three", 'c')];
    let [first, second, third] = [one, two, three].map(|(token, letter)| platform(token, letter));
    let wechat = with(first.keys());
    let routes = wechat.routes().on_message(handler());
    assert_eq!(sent(&routes, "/wxmsg", &push(&first)).await, OK);
    assert_eq!(sent(&routes, "/wxmsg", &push(&second)).await, UNSIGNED);

    // Also when the application inserts the same configuration again.
    for _ in 0..3 {
        replace(&wechat, second.keys());
        for platform in [&first, &second] {
            assert_eq!(sent(&routes, "/wxmsg", &push(platform)).await, OK);
        }
    }
    replace(&wechat, third.keys());
    assert_eq!(sent(&routes, "/wxmsg", &push(&first)).await, UNSIGNED);
    for platform in [&second, &third] {
        assert_eq!(sent(&routes, "/wxmsg", &push(platform)).await, OK);
    }
    // A removed app leaves nothing to the next one.
    wechat.remove_app(APPID);
    replace(&wechat, first.keys());
    for platform in [&second, &third] {
        assert_eq!(sent(&routes, "/wxmsg", &push(platform)).await, UNSIGNED);
    }
}

#[tokio::test]
async fn token_and_key_are_replaced_apart_and_named_ones_take_precedence() {
    let (old, new) = (platform("one", 'a'), platform("two", 'a'));
    let wechat = with(old.keys());
    let routes = wechat.routes().on_message(handler());
    replace(&wechat, new.keys());
    let rekeyed = platform("two", 'b');
    replace(&wechat, rekeyed.keys());
    // The token didn't change, so that its previous one is still accepted, with either key.
    for platform in [&old, &new, &rekeyed, &platform("one", 'b')] {
        assert_eq!(sent(&routes, "/wxmsg", &push(platform)).await, OK);
    }
    let named = platform("three", 'c').keys();
    let named = named.previous_token("one").unwrap();
    replace(&wechat, named.previous_aes_key("a".repeat(43)).unwrap());
    assert_eq!(sent(&routes, "/wxmsg", &push(&old)).await, OK);
    assert_eq!(sent(&routes, "/wxmsg", &push(&new)).await, UNSIGNED);
    assert_eq!(
        sent(&routes, "/wxmsg", &push(&platform("one", 'b'))).await,
        FOREIGN
    );
}

#[tokio::test]
async fn the_mode_changes_with_the_keys() {
    let plain = Platform::new(Mode::Plaintext).token("one");
    let secure = platform("two", 'a');
    let wechat = with(plain.keys());
    let routes = wechat.routes().on_message(handler());
    assert_eq!(sent(&routes, "/wxmsg", &push(&plain)).await, OK);
    replace(&wechat, secure.keys());
    assert_eq!(sent(&routes, "/wxmsg", &push(&secure)).await, OK);
    // The old token is known, but it opens no way around the encryption.
    let clear = (StatusCode::FORBIDDEN, Some(Rejection::NotEncrypted));
    assert_eq!(sent(&routes, "/wxmsg", &push(&plain)).await, clear);
    replace(&wechat, plain.keys());
    assert_eq!(sent(&routes, "/wxmsg", &push(&plain)).await, OK);
    let sealed = (StatusCode::FORBIDDEN, Some(Rejection::Encrypted));
    assert_eq!(sent(&routes, "/wxmsg", &push(&secure)).await, sealed);
}

#[tokio::test]
async fn signatures_and_messages_stay_remembered_when_an_app_is_replaced() {
    let old = Platform::new(Mode::Plaintext).token("one");
    let wechat = with(old.keys());
    let calls = Arc::new(AtomicUsize::new(0));
    let counts = calls.clone();
    let counting = handler_fn(move |_: Message| {
        counts.fetch_add(1, Ordering::Relaxed);
        async { "hello" }
    });
    let routes = wechat.routes().on_message_bare(counting.clone());
    let used = push(&old);
    assert_eq!(sent(&routes, "/wxmsg", &used).await, OK);
    replace(&wechat, Platform::new(Mode::Plaintext).token("two").keys());
    assert_eq!(sent(&routes, "/wxmsg", &used).await, OK);
    assert_eq!(
        calls.load(Ordering::Relaxed),
        1,
        "answered without the handler"
    );
    let mut forged = used.clone();
    forged.body(text(1_000_001));
    let replayed = (StatusCode::FORBIDDEN, Some(Rejection::Replayed));
    assert_eq!(sent(&routes, "/wxmsg", &forged).await, replayed);

    // A message that the platform sends again, with another signature.
    let routes = wechat.routes().on_message(counting);
    let first = old.clone().nonce("first").push(&text(1_000_002));
    assert_eq!(sent(&routes, "/wxmsg", &first).await, OK);
    replace(
        &wechat,
        Platform::new(Mode::Plaintext)
            .token("three")
            .keys()
            .previous_token("one")
            .unwrap(),
    );
    let again = old.nonce("again").push(&text(1_000_002));
    assert_eq!(sent(&routes, "/wxmsg", &again).await, OK);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_handler_that_runs_answers_after_its_app_was_removed() {
    let platform = platform("one", 'a');
    let wechat = with(platform.keys());
    let (reached, open) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (reached, open) = (reached.clone(), open.clone());
        handler_fn(move |_: Message| {
            let (reached, open) = (reached.clone(), open.clone());
            async move {
                reached.notify_one();
                open.notified().await;
                "at last"
            }
        })
    };
    let routes = wechat.routes().on_message(slow);
    let push = push(&platform);
    let answer = tokio::spawn(routes.clone().oneshot(push.request()));
    reached.notified().await;
    assert!(wechat.remove_app(APPID));
    open.notify_one();
    let response = answer.await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let reply = response.into_body().into_bytes();
    let document = platform.open(std::str::from_utf8(&reply).unwrap());
    assert!(document.contains("at last"), "{document}");
}

#[tokio::test]
async fn settings_that_panic_for_an_added_app_cost_only_its_pushes() {
    let platform = platform("one", 'a');
    let (_, _, wechat) = empty();
    let panics = |callback: Callback<()>| match callback.appid() == &appid() {
        true => panic!("on purpose"),
        false => callback,
    };
    let broken = wechat.routes().callbacks(panics).on_message(handler());
    let routes = wechat.routes().on_message(handler());
    replace(&wechat, platform.keys());
    assert_eq!(sent(&broken, "/wxmsg", &push(&platform)).await, UNKNOWN);
    assert_eq!(sent(&routes, "/wxmsg", &push(&platform)).await, OK);
    wechat.app(APPID).unwrap();
}

/// Compiles for services without a handler, too.
#[test]
fn the_routes_print_the_apps_that_receive_pushes() {
    let wechat = with(platform("one", 'a').keys());
    wechat.insert_app(AppConfig::new(OTHER, "secret")).unwrap();
    let print = |routes: &dyn std::fmt::Debug| format!("{routes:?}");
    let routes: Routes<_> = wechat.routes();
    assert!(print(&routes).contains("wxmsg: None"));
    let routes = routes.on_message(handler());
    assert!(
        print(&routes).contains(&format!("wxmsg: Some({{{APPID}}})")),
        "{routes:?}"
    );
}
