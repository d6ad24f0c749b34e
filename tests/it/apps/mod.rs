//! Apps that are added, replaced and removed while they are in use.

mod concurrent;
mod pushes;
mod tokens;
mod warm;

use http::StatusCode;
use serde_json::json;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::callback::Mode;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{AppConfig, AppId, ErrorKind, Wechat};

use crate::support::{Recorded, answer, clock, post};

const APPID: &str = Sandbox::APPID;
const OTHER: &str = "wx4dd9fe7074f42b43";

/// A platform with one app, and a handle that starts without it.
fn empty() -> (Sandbox, Recorded, Wechat) {
    let sandbox = Sandbox::with_clock(clock());
    let sent = Recorded::new(&sandbox);
    let wechat = Wechat::builder()
        .without_apps()
        .clock(sandbox.clock())
        .transport(sent.clone());
    (sandbox, sent, wechat.build().unwrap())
}

/// The same with the app.
fn one() -> (Sandbox, Recorded, Wechat) {
    let (sandbox, sent, wechat) = empty();
    assert!(!wechat.insert_app(config(&sandbox)).unwrap());
    (sandbox, sent, wechat)
}

fn config(sandbox: &Sandbox) -> AppConfig {
    sandbox.app_config(&sandbox.appid()).unwrap()
}

fn ids(wechat: &Wechat) -> Vec<String> {
    wechat.appids().map(|appid| appid.to_string()).collect()
}

#[tokio::test]
async fn an_app_is_found_once_it_was_added_and_until_it_is_removed() {
    let (sandbox, _, wechat) = empty();
    let other = sandbox.add_app(OTHER, Mode::Plaintext).unwrap();
    assert_eq!(ids(&wechat), [""; 0]);
    let error = wechat.app(APPID).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownApp);

    let clone = wechat.clone();
    assert!(
        !wechat
            .insert_app(sandbox.app_config(&other).unwrap())
            .unwrap()
    );
    assert!(!wechat.insert_app(config(&sandbox)).unwrap());
    assert!(clone.insert_app(config(&sandbox)).unwrap());
    assert_eq!(ids(&clone), [APPID, OTHER]);
    assert_eq!(
        format!("{clone:?}"),
        "Wechat { apps: {wx3cc8fd6963e31a32, wx4dd9fe7074f42b43}, .. }"
    );
    let app = clone.app(APPID).unwrap();
    app.call(GetCallbackIp::new()).await.unwrap();

    assert!(wechat.remove_app(APPID) && !wechat.remove_app(APPID));
    assert_eq!(ids(&clone), [OTHER]);
    assert_eq!(
        app.call(GetCallbackIp::new()).await.unwrap_err().kind(),
        ErrorKind::UnknownApp
    );
    assert_eq!(app.token().await.unwrap_err().kind(), ErrorKind::UnknownApp);
    // The handle works again with the app.
    wechat.insert_app(config(&sandbox)).unwrap();
    app.token().await.unwrap();
}

#[test]
fn an_added_app_is_checked_as_by_the_builder() {
    let (sandbox, _, wechat) = one();
    for (wrong, kind) in [
        (AppConfig::new("wx 3cc8", "secret"), ErrorKind::Input),
        (AppConfig::new(OTHER, ""), ErrorKind::Input),
        (AppConfig::without_secret(OTHER), ErrorKind::Config),
        // A refused replacement changes nothing.
        (AppConfig::without_secret(APPID), ErrorKind::Config),
    ] {
        assert_eq!(wechat.insert_app(wrong).unwrap_err().kind(), kind);
    }
    assert_eq!(ids(&wechat), [APPID]);

    let build = |builder: tower_wechat::WechatBuilder| builder.transport(sandbox.clone()).build();
    let error = build(Wechat::builder()).unwrap_err();
    assert!(error.to_string().contains("without_apps"), "{error}");
    build(Wechat::builder().without_apps()).unwrap();
    let twice = Wechat::builder()
        .app(config(&sandbox))
        .app(config(&sandbox));
    assert!(
        build(twice)
            .unwrap_err()
            .to_string()
            .contains("configured twice")
    );
}

#[tokio::test]
async fn the_json_routes_follow_the_apps() {
    const KEY: &str = "a key of sixteen bytes or more";
    let (sandbox, _, wechat) = empty();
    let routes = wechat.routes().unprotected().serve_tokens([KEY]).unwrap();
    let code = json!({"source": "t", "appid": APPID, "scene": "s"}).to_string();
    let token = || {
        let mut request = post("/token", json!({"source": "t", "appid": APPID}).to_string());
        let key = format!("Bearer {KEY}").parse().unwrap();
        request.headers_mut().insert("authorization", key);
        request
    };
    let statuses = async || {
        let (code, envelope) = answer(routes.clone(), post("/getwxqrcode", code.clone())).await;
        if code == StatusCode::NOT_FOUND {
            assert_eq!(envelope["ret"]["code"], 3_584_005, "{envelope}");
        }
        (code, answer(routes.clone(), token()).await.0)
    };
    let unknown = (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND);
    assert_eq!(statuses().await, unknown);
    wechat.insert_app(config(&sandbox)).unwrap();
    assert_eq!(statuses().await, (StatusCode::OK, StatusCode::OK));
    wechat.remove_app(APPID);
    assert_eq!(statuses().await, unknown);
}

fn appid() -> AppId {
    AppId::new(APPID).unwrap()
}
