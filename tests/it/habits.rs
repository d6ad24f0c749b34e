//! Tolerated deviations of callers and operators from the documented forms.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_wechat::callback::Mode;
use tower_wechat::oauth::{OAuthService, StateKey, sign_in_fn};
use tower_wechat::routes::{NoHandler, Routes};
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::scan_login::{ScanLogin, scanned_fn};
use tower_wechat::{AppConfig, Body, ErrCode, Message, Wechat, handler_fn};

use crate::callback::support as pushes;
use crate::official::{Platform, platform};
use crate::support::{answer, clock, code, post};

const NOW: u64 = 1_767_225_600;

fn routes(sandbox: &Sandbox) -> Routes<NoHandler> {
    sandbox.wechat().routes().unprotected()
}

#[tokio::test(start_paused = true)]
async fn the_callback_ignores_a_trailing_slash() {
    let sandbox = Sandbox::with_clock(clock());
    let handler = handler_fn(|_: Message| async { "hello" });
    let routes = routes(&sandbox)
        .on_message(handler)
        .prefix("/v1/service/wx");
    let (appid, user) = (sandbox.appid(), sandbox.user("Hui"));
    for address in [
        "/v1/service/wx/wxmsg/".to_owned(),
        format!("/v1/service/wx/wxmsg/{appid}/"),
        format!("/v1/service/wx/wxmsg/{appid}"),
    ] {
        sandbox.set_callback_url(&appid, &address);
        assert!(sandbox.verify(&appid, routes.clone()).await, "{address}");
        let delivery = sandbox.push(Push::text(&user, "hi"), routes.clone()).await;
        let reply = delivery.reply().and_then(|reply| reply.text());
        assert_eq!(reply, Some("hello"), "{address}");
    }
}

/// One app, without its id in the path, in plaintext mode.
#[tokio::test]
async fn the_callback_without_an_appid_ignores_a_trailing_slash() {
    let signer = pushes::Platform::new(Mode::Plaintext);
    let app = AppConfig::new("wx1", "a secret of this app").callback(signer.keys());
    let clock = tower_wechat::ManualClock::at_unix(NOW);
    let wechat = Wechat::builder().clock(clock).app(app).build().unwrap();
    let routes = wechat
        .routes()
        .on_message(handler_fn(|_: Message| async {}));
    let mut echo = signer.echo("42");
    echo.path("/wxmsg/")
        .order(["timestamp", "nonce", "echostr"]);
    let response = routes.oneshot(echo.request()).await.unwrap();
    assert_eq!(response.into_body().into_bytes(), "42");
}

#[tokio::test(start_paused = true)]
async fn the_json_routes_ignore_a_trailing_slash() {
    let sandbox = Sandbox::with_clock(clock());
    for route in [
        "getwxuserinfo",
        "getwxqrcode",
        "getunlimitedqrcode",
        "getuserphone",
        "sendwxtemplatemsg",
    ] {
        let answers = [format!("/{route}"), format!("/{route}/")].map(|path| post(&path, "{}"));
        for request in answers {
            let (status, _) = answer(routes(&sandbox), request).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{route}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_login_start_ignores_a_trailing_slash() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(sandbox.appid()).unwrap();
    let key = StateKey::new("0123456789abcdef0123456789abcdef").unwrap();
    let handler = sign_in_fn(|_, _| async { http::Response::new(Body::empty()) });
    let login = OAuthService::new(app, "https://shop.example/login/", key, handler).unwrap();
    for path in ["/start", "/start/", "/login/start/"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = login.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FOUND, "{path}");
    }
    let scans = ScanLogin::new(&sandbox.wechat());
    let scans = scans.service(scanned_fn(|_, _| async {
        http::Response::new(Body::empty())
    }));
    for path in ["/wait", "/wait/", "/finish/"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = scans.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::GONE, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_order_mark_before_json_is_skipped() {
    let sandbox = Sandbox::with_clock(clock());
    let body = json!({"source": "t", "appid": Sandbox::APPID, "scene": "a"});
    let body = format!("\u{feff}{body}");
    let (status, envelope) = answer(routes(&sandbox), post("/getwxqrcode", body)).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
}

/// Returns the message for a rejected request with `more`.
async fn refusal(route: &str, more: Value) -> String {
    let sandbox = Sandbox::with_clock(clock());
    let (status, envelope) = answer(routes(&sandbox), post(route, with(more))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{envelope}");
    assert_eq!(envelope["ret"]["code"], 3_584_002);
    envelope["ret"]["msg"].as_str().unwrap().to_owned()
}

fn with(more: Value) -> String {
    let mut body = json!({"source": "t", "appid": Sandbox::APPID});
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_misspelt_field_is_rejected_with_a_suggestion() {
    for (route, more, expected) in [
        (
            "/getwxqrcode",
            json!({"scene": "a", "expire_second": 600}),
            "unknown field expire_second: did you mean expire_seconds?",
        ),
        (
            "/getwxqrcode",
            json!({"sceneId": 7}),
            "unknown field sceneId: did you mean scene_id?",
        ),
        (
            "/getunlimitedqrcode",
            json!({"scene": "a", "line_color": {"r": 1, "g": 2, "b": 3, "a": 4}}),
            "unknown field line_color.a",
        ),
        (
            "/getunlimitedqrcode",
            json!({"scene": "a", "checkPath": false}),
            "did you mean check_path?",
        ),
        ("/getuserphone", json!({"codes": "x"}), "did you mean code?"),
        (
            "/getwxuserinfo",
            json!({"code": "x", "lang": "en"}),
            "unknown field lang: the known fields are source, app_id, appid, code, flow_id",
        ),
        (
            "/sendwxtemplatemsg",
            json!({"openid": "o", "template_id": "t", "data": {"miniprogam": {}, "data": {}}}),
            "unknown field data.miniprogam: did you mean data.miniprogram?",
        ),
        (
            "/sendwxtemplatemsg",
            json!({"openid": "o", "template_id": "t", "data": {"miniprogram": {"appid": "wx1", "pagePaths": "x"}, "data": {}}}),
            "did you mean data.miniprogram.pagepath?",
        ),
        (
            "/sendwxtemplatemsg",
            json!({"openid": "o", "template_id": "t", "data": {"data": {"thing1": {"values": "x"}}}}),
            "unknown field data.data.thing1.values: did you mean data.data.thing1.value?",
        ),
        (
            "/sendwxtemplatemsg",
            json!({"openid": "o", "template_id": "t", "data": "{\"uri\":\"x\",\"data\":{}}"}),
            "did you mean data.url?",
        ),
    ] {
        let message = refusal(route, more).await;
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_are_ignored() {
    let sandbox = Sandbox::with_clock(clock());
    let body = with(json!({"scene": "a", "expire_second": 600, "more": [1]}));
    let routes = routes(&sandbox).ignore_unknown_fields();
    let (status, envelope) = answer(routes, post("/getwxqrcode", body)).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    assert_eq!(envelope["body"]["expire_seconds"], 60);
}

/// Sends a template message and returns the request the platform received.
async fn sent(data: impl Into<Value>) -> Value {
    let platform: Platform = platform();
    let user = platform.sandbox.user("Ming");
    user.set_follows(true);
    let appid = platform.sandbox.appid();
    let template = platform
        .sandbox
        .add_template(&appid, "t", "{{thing1.DATA}}{{number2.DATA}}");
    let mut body = json!({"source": "t", "appid": appid.as_str(), "openid": user.openid(), "template_id": template});
    body["data"] = "DATA".into();
    let body = body
        .to_string()
        .replace("\"DATA\"", data.into().as_str().unwrap());
    let routes = platform.wechat.routes().unprotected();
    let (status, envelope) = answer(routes, post("/sendwxtemplatemsg", body)).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    platform.body("/cgi-bin/message/template/send")
}

#[tokio::test(start_paused = true)]
async fn numbers_keep_the_digits_they_were_written_with() {
    for number in ["4200001234202411261234567890", "100.00", "-0.10", "42"] {
        let keywords = format!(
            "{{\"data\":{{\"thing1\":{{\"value\":\"x\"}},\"number2\":{{\"value\":{number}}}}}}}"
        );
        let as_text = serde_json::to_string(&keywords).unwrap();
        for data in [keywords, as_text] {
            let message = sent(data).await;
            assert_eq!(message["data"]["number2"]["value"], number);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fields_are_accepted_under_the_platforms_other_names() {
    let message = sent(
        r##"{"topcolor":"#FF0000","miniprogram":{"appid":"wx3cc8fd6963e31a32","path":"pages/index/index?a=1"},
            "data":{"thing1":{"value":"x","color":"#173177"},"number2":{"value":1}}}"##,
    )
    .await;
    assert_eq!(message["miniprogram"]["pagepath"], "pages/index/index?a=1");
    let message = sent(r#"{"miniprogram":{"appid":"","pagepath":"x"},"data":{"thing1":{"value":"x"},"number2":{"value":1}}}"#).await;
    assert!(message.get("miniprogram").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_user_without_a_profile_has_an_openid() {
    let sandbox = Sandbox::with_clock(clock());
    let code = code(&sandbox, "snsapi_base").await;
    let body = with(json!({"code": code}));
    let (status, envelope) = answer(routes(&sandbox), post("/getwxuserinfo", body)).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    let body = &envelope["body"];
    assert_eq!(body["openid"], sandbox.user("Hui🐠").openid());
    assert_eq!(
        (&body["nickname"], &body["is_snapshot_user"]),
        (&json!(""), &json!(0))
    );
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_user_without_a_profile_is_returned() {
    let sandbox = Sandbox::with_clock(clock());
    sandbox.user("Hui🐠").set_snapshot(true);
    sandbox.fail_next("/sns/userinfo", ErrCode::API_UNAUTHORIZED);
    let code = code(&sandbox, "snsapi_userinfo").await;
    let body = with(json!({"code": code}));
    let (status, envelope) = answer(routes(&sandbox), post("/getwxuserinfo", body)).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    let body = &envelope["body"];
    assert_eq!(
        (&body["nickname"], &body["is_snapshot_user"]),
        (&json!(""), &json!(1))
    );
    assert_eq!(body["openid"], sandbox.user("Hui🐠").openid());
}

/// The error says that the app may not read profiles.
#[tokio::test(start_paused = true)]
async fn a_consent_without_permission_to_read_profiles_is_an_error() {
    let sandbox = Sandbox::with_clock(clock());
    sandbox.fail_next("/sns/userinfo", ErrCode::API_UNAUTHORIZED);
    let code = code(&sandbox, "snsapi_userinfo").await;
    let body = with(json!({"code": code}));
    let (status, envelope) = answer(routes(&sandbox), post("/getwxuserinfo", body)).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{envelope}");
}

/// The test in the README is the test that runs.
#[test]
fn the_test_in_the_readme_is_run() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(include_str!("host_test.rs")));
}
