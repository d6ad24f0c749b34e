//! Apps that change from many tasks, while calls and pushes run.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tower::{ServiceExt, service_fn};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::callback::Mode;
use tower_wechat::{AppConfig, Body, ErrorKind, ManualClock, Message, Wechat, handler_fn};

use crate::callback::support::{NOW, Platform, text_document};

const APPS: usize = 8;
const ROUNDS: usize = 400;

fn id(app: usize) -> String {
    format!("wx{app:016}")
}

/// The app with its secret and keys, which name it.
fn config(app: usize) -> AppConfig {
    AppConfig::new(id(app), format!("secret-of-{}", id(app))).callback(keys(app).keys())
}

fn keys(app: usize) -> Platform {
    let platform = Platform::new(Mode::Secure).appid(id(app));
    platform.token(format!("token-of-{app}"))
}

/// A platform whose tokens name their app, and that refuses an app's call with another's token.
fn carry(request: &Request<Bytes>) -> Response<Bytes> {
    let uri = request.uri();
    let body = match uri.path() {
        "/cgi-bin/stable_token" => {
            let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            let appid = body["appid"].as_str().unwrap();
            assert_eq!(body["secret"], format!("secret-of-{appid}"));
            format!(r#"{{"access_token":"token-of-{appid}","expires_in":7200}}"#)
        }
        _ => {
            let context = request
                .extensions()
                .get::<tower_wechat::client::CallContext>();
            let appid = context.unwrap().appid();
            assert_eq!(
                uri.query(),
                Some(&*format!("access_token=token-of-{appid}"))
            );
            r#"{"ip_list":["101.226.103.0/25"]}"#.to_owned()
        }
    };
    Response::new(body.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_and_pushes_find_their_own_app_or_none_while_apps_change() {
    let transport = service_fn(|request: Request<Bytes>| async move {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(carry(&request))
    });
    let wechat = Wechat::builder()
        .without_apps()
        .clock(ManualClock::at_unix(NOW))
        .transport(transport)
        .build()
        .unwrap();
    // One app stays.
    wechat.insert_app(config(APPS)).unwrap();
    let handled = Arc::new(AtomicUsize::new(0));
    let counts = handled.clone();
    let routes = wechat
        .routes()
        .on_message(handler_fn(move |message: Message| {
            counts.fetch_add(1, Ordering::Relaxed);
            async move { message.appid().to_string() }
        }));

    let changing = Arc::new(AtomicBool::new(true));
    let mut tasks = Vec::new();
    for task in 0..APPS {
        let wechat = wechat.clone();
        tasks.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                let app = (task + round) % APPS;
                wechat.insert_app(config(app)).unwrap();
                let _ = wechat.tokens().get(id(app)).await;
                if round % 3 != 0 {
                    wechat.remove_app(id(app));
                }
                tokio::task::yield_now().await;
            }
        }));
    }
    let mut readers = Vec::new();
    for task in 0..APPS {
        let (wechat, routes, changing) = (wechat.clone(), routes.clone(), changing.clone());
        readers.push(tokio::spawn(async move {
            let mut outcomes = BTreeMap::<_, usize>::new();
            let mut number = 0;
            while changing.load(Ordering::Relaxed) || number < 200 {
                number += 1;
                let app = (task + number) % (APPS + 1);
                if let Ok(found) = wechat.app(id(app)) {
                    let called = found.call(GetCallbackIp::new()).await;
                    let outcome = called
                        .map(|_| ())
                        .map_err(|error| format!("{:?}", error.kind()));
                    assert!(app != APPS || outcome.is_ok(), "{outcome:?}");
                    *outcomes.entry(format!("call {outcome:?}")).or_default() += 1;
                }
                let platform = keys(app).nonce(format!("t{task}n{number}"));
                let mut push =
                    platform.push(&text_document(NOW, (task * 10_000_000 + number) as u64));
                let body = Body::from(push.body.clone());
                let request = push.path(format!("/wxmsg/{}", id(app))).request_with(body);
                let response = routes.clone().oneshot(request).await.unwrap();
                let status = response.status();
                assert!(app != APPS || status == StatusCode::OK, "{status}");
                if status == StatusCode::OK {
                    let reply = response.into_body().into_bytes();
                    let reply = platform.open(std::str::from_utf8(&reply).unwrap());
                    assert!(reply.contains(&id(app)), "{reply}");
                }
                *outcomes.entry(format!("push {status}")).or_default() += 1;
            }
            outcomes
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    changing.store(false, Ordering::Relaxed);
    let mut outcomes = BTreeMap::<_, usize>::new();
    for reader in readers {
        for (outcome, count) in reader.await.unwrap() {
            *outcomes.entry(outcome).or_default() += count;
        }
    }
    println!("{outcomes:?}, handled {}", handled.load(Ordering::Relaxed));
    let expected = [
        "call Ok(())",
        &format!("call Err(\"{:?}\")", ErrorKind::UnknownApp),
        "push 200 OK",
        "push 404 Not Found",
    ];
    assert!(
        outcomes
            .keys()
            .all(|outcome| expected.contains(&&**outcome)),
        "{outcomes:?}"
    );
    assert_eq!(outcomes["push 200 OK"], handled.load(Ordering::Relaxed));

    // What the apps are at the end is what everyone sees.
    for app in 0..=APPS {
        let is_there = wechat.app(id(app)).is_ok();
        assert_eq!(wechat.tokens().get(id(app)).await.is_ok(), is_there);
        let mut push = keys(app).nonce("last").push(&text_document(NOW, 1));
        let body = Body::from(push.body.clone());
        let request = push.path(format!("/wxmsg/{}", id(app))).request_with(body);
        let status = routes.clone().oneshot(request).await.unwrap().status();
        assert_eq!(status == StatusCode::OK, is_there, "{status}");
    }
}
