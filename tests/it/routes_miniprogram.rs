//! The routes of mini-programs, and the token route.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_wechat::callback::Mode;
use tower_wechat::routes::{NoHandler, PhoneService, Routes, TokenRoute, UnlimitedQrcodeService};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{Body, ErrCode, ErrorKind};

use crate::miniprogram::{scanned, typed};
use crate::support::{STABLE, answer, clock, post};

const QRCODE: &str = "/getunlimitedqrcode";
const PHONE: &str = "/getuserphone";
const TOKEN: &str = "/token";
const KEY: &str = "a key that only our services know";
const APPID: &str = Sandbox::APPID;

fn sandbox() -> (Sandbox, Routes<NoHandler>) {
    let sandbox = Sandbox::with_clock(clock());
    let routes = sandbox.wechat().routes().unprotected();
    (sandbox, routes)
}

/// Returns a request with `fields` and the common fields.
fn request_with(fields: Value) -> Value {
    let mut body = json!({ "source": "test", "appid": APPID });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn ask(routes: &Routes<NoHandler>, path: &str, body: &Value) -> (u16, Value) {
    let (status, envelope) = answer(routes.clone(), post(path, body.to_string())).await;
    (status.as_u16(), envelope)
}

/// Returns the status, code and message of a rejection and asserts that its body is empty.
async fn refused(routes: &Routes<NoHandler>, path: &str, body: Value) -> (u16, u64, String) {
    let (status, envelope) = ask(routes, path, &body).await;
    assert_eq!(envelope["body"], json!({}), "{body}");
    let ret = &envelope["ret"];
    assert!(ret["request_id"].as_str().unwrap().starts_with("wxmsg_"));
    let msg = ret["msg"].as_str().unwrap().to_owned();
    (status, ret["code"].as_u64().unwrap(), msg)
}

/// Asserts the rejections that all documented routes share.
async fn has_the_common_rejections(routes: &Routes<NoHandler>, path: &str, good: &Value) {
    for name in good.as_object().unwrap().keys() {
        for wrong in [json!(""), json!(null)] {
            let mut body = good.clone();
            body[name] = wrong;
            let (status, code, msg) = refused(routes, path, body).await;
            assert_eq!((status, code), (400, 3_584_002), "{msg}");
            let required = format!("{name} is required: send a non-empty string");
            assert_eq!(msg, required);
        }
        let mut body = good.clone();
        body[name] = json!(["x"]);
        let (status, code, msg) = refused(routes, path, body).await;
        assert_eq!((status, code), (400, 3_584_002));
        let wrong = format!("field {name} is of the wrong type, at line 1 column ");
        assert!(msg.starts_with(&wrong), "{msg}");
    }
    let mut body = good.clone();
    body["appid"] = json!("wx0");
    let (status, code, msg) = refused(routes, path, body).await;
    assert_eq!((status, code), (404, 3_584_005));
    let unknown = "app \"wx0\" is not configured: add it, with its secret, or correct the id";
    assert_eq!(msg, unknown);
    let mut body = good.clone();
    body["flow_id"] = json!("f".repeat(129));
    let (status, code, msg) = refused(routes, path, body).await;
    let long = "flow_id must be at most 128 characters (it has 129)";
    assert_eq!((status, code, &*msg), (400, 3_584_002, long));

    let get = Request::get(path).body(Body::empty()).unwrap();
    assert_eq!(
        answer(routes.clone(), get).await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let mut text = post(path, good.to_string());
    text.headers_mut().remove(header::CONTENT_TYPE);
    assert_eq!(
        answer(routes.clone(), text).await.0,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let (status, envelope) = answer(routes.clone(), post(path, "{")).await;
    assert_eq!(
        (status.as_u16(), &envelope["ret"]["code"]),
        (400, &json!(3_584_002))
    );
    let large = post(path, " ".repeat((64 << 10) + 1));
    assert_eq!(
        answer(routes.clone(), large).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let routes = routes.clone().access_keys([KEY]);
    let (status, envelope) = answer(routes, post(path, good.to_string())).await;
    assert_eq!(
        (status.as_u16(), &envelope["ret"]["code"]),
        (401, &json!(3_584_001))
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_is_returned_as_a_data_url() {
    let (sandbox, routes) = sandbox();
    sandbox.publish_page(&sandbox.appid(), "pages/order");
    let body = json!({
        "source": "test", "app_id": APPID, "flow_id": "f-1", "scene": "order=42",
        "page": "pages/order", "check_path": true, "env_version": "release", "width": 430,
        "auto_color": false, "line_color": {"r": "0", "g": 96, "b": 64}, "is_hyaline": false,
    });
    let (status, envelope) = ask(&routes, QRCODE, &body).await;
    assert_eq!(
        (status, &envelope["ret"]["msg"]),
        (200, &json!("OK")),
        "{envelope}"
    );
    let body = envelope["body"].as_object().unwrap();
    let names: Vec<&str> = body.keys().map(String::as_str).collect();
    assert_eq!(names, ["appid", "flow_id", "qr_buffer"]);
    assert_eq!(
        (&body["appid"], &body["flow_id"]),
        (&json!(APPID), &json!("f-1"))
    );
    let image = body["qr_buffer"].as_str().unwrap();
    let image = image.strip_prefix("data:image/png;base64,").unwrap();
    let text = scanned(&STANDARD.decode(image).unwrap());
    assert_eq!(text, format!("wxa://{APPID}/pages/order?scene=order%3D42"));

    // The content type is that of the image, whatever the platform says.
    let jpeg = &b"\xff\xd8\xff\xe0"[..];
    sandbox.answer_next("/wxa/getwxacodeunlimit", typed("image/png", jpeg));
    let (_, envelope) = ask(&routes, QRCODE, &request_with(json!({"scene": "a"}))).await;
    let image = envelope["body"]["qr_buffer"].as_str().unwrap();
    assert_eq!(image, "data:image/jpeg;base64,/9j/4A==");
    assert_eq!(envelope["body"].as_object().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_code_request_is_rejected_with_a_reason() {
    let (sandbox, routes) = sandbox();
    has_the_common_rejections(&routes, QRCODE, &request_with(json!({"scene": "a"}))).await;

    let wrong = [
        (
            json!({"scene": "x".repeat(33)}),
            "scene must be 1 to 32 characters (it has 33)",
        ),
        (json!({"scene": "桌7"}), "scene"),
        (
            json!({"scene": "a", "page": "/pages/x"}),
            "page must not start with '/'",
        ),
        (
            json!({"scene": "a", "width": 20}),
            "width must be 280 to 1280 pixels (it is 20)",
        ),
        (
            json!({"scene": "a", "env_version": "beta"}),
            "env_version must be release",
        ),
        (
            json!({"scene": "a", "line_color": {"r": 256, "g": 0, "b": 0}}),
            "wrong type",
        ),
        (
            json!({"scene": "a", "check_path": "yes"}),
            "field check_path is of the wrong type",
        ),
    ];
    for (fields, said) in wrong {
        let (status, code, msg) = refused(&routes, QRCODE, request_with(fields)).await;
        assert_eq!((status, code), (400, 3_584_002), "{msg}");
        assert!(msg.contains(said), "{msg}");
    }

    let fields = json!({"scene": "a", "page": "pages/nowhere"});
    let (status, envelope) = ask(&routes, QRCODE, &request_with(fields)).await;
    assert_eq!((status, &envelope["ret"]["code"]), (422, &json!(3_584_007)));
    assert_eq!(envelope["ret"]["errcode"], 41030);
    assert_eq!(envelope["ret"]["rid"].as_str().unwrap().len(), 26);

    let call = "/wxa/getwxacodeunlimit";
    let good = || request_with(json!({"scene": "a"}));
    for (errcode, status, code) in [
        (45009, 429, 3_584_007),
        (45011, 503, 3_584_007),
        (40164, 502, 3_584_005),
    ] {
        sandbox.fail_next(call, ErrCode::new(errcode));
        let outcome = refused(&routes, QRCODE, good()).await;
        assert_eq!((outcome.0, outcome.1), (status, code), "{errcode}");
    }
    sandbox.answer_next(call, typed("image/jpeg", "GIF89a"));
    let outcome = refused(&routes, QRCODE, good()).await;
    assert_eq!((outcome.0, outcome.1), (502, 3_584_007));

    sandbox.expire_tokens();
    sandbox.wechat().tokens().get(APPID).await.unwrap();
    sandbox.answer_next(
        call,
        typed("image/jpeg", r#"{"errcode":40001,"errmsg":"x"}"#),
    );
    let (status, _) = ask(&routes, QRCODE, &good()).await;
    assert_eq!(status, 200, "the token was replaced");
}

#[tokio::test(start_paused = true)]
async fn a_token_error_is_not_reported_as_a_code_error() {
    let (sandbox, routes) = sandbox();
    sandbox.fail_next(STABLE, ErrCode::DAILY_QUOTA_REACHED);
    let (status, code, _) = refused(&routes, QRCODE, request_with(json!({"scene": "a"}))).await;
    assert_eq!((status, code), (429, 3_584_004));
    sandbox.advance(Duration::from_secs(11));
    sandbox.fail_next(STABLE, ErrCode::INVALID_APP_SECRET);
    let (status, code, _) = refused(&routes, PHONE, request_with(json!({"code": "a"}))).await;
    assert_eq!((status, code), (502, 3_584_005));

    sandbox.advance(Duration::from_secs(11));
    for _ in 0..2 {
        sandbox.fail_next("/wxa/getwxacodeunlimit", ErrCode::INVALID_CREDENTIAL);
    }
    let (status, code, _) = refused(&routes, QRCODE, request_with(json!({"scene": "a"}))).await;
    assert_eq!((status, code), (502, 3_584_004), "two tokens were refused");
}

#[tokio::test(start_paused = true)]
async fn a_phone_number_is_returned_under_its_documented_names() {
    let (sandbox, routes) = sandbox();
    let user = sandbox.user("Hui");
    let body = request_with(json!({"code": user.phone_code(), "flow_id": "f-2"}));
    let (status, envelope) = ask(&routes, PHONE, &body).await;
    assert_eq!(status, 200, "{envelope}");
    let number = user.phone_number();
    assert_eq!(
        envelope["body"],
        json!({
            "flow_id": "f-2", "appid": APPID, "purePhoneNumber": number, "phoneNumber": number,
            "countryCode": "86",
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_phone_number_request_is_rejected_with_a_reason() {
    let (sandbox, routes) = sandbox();
    has_the_common_rejections(&routes, PHONE, &request_with(json!({"code": "x"}))).await;
    let user = sandbox.user("Hui");
    let used = user.phone_code();
    ask(&routes, PHONE, &request_with(json!({"code": used}))).await;
    let late = user.phone_code();
    sandbox.advance(Duration::from_secs(300));
    for code in [used, late, user.login_code(), "never was".to_owned()] {
        let (status, envelope) = ask(&routes, PHONE, &request_with(json!({"code": code}))).await;
        assert_eq!((status, &envelope["ret"]["code"]), (422, &json!(3_584_008)));
        assert_eq!(envelope["ret"]["errcode"], 40029);
        let msg = envelope["ret"]["msg"].as_str().unwrap();
        assert!(msg.contains("wx.login") && !msg.contains(&code), "{msg}");
    }
    let other = sandbox.add_app("wxother", Mode::Secure).unwrap();
    let foreign = user.clone().at(&other).phone_code();
    let (status, envelope) = ask(&routes, PHONE, &request_with(json!({"code": foreign}))).await;
    assert_eq!((status, &envelope["ret"]["code"]), (422, &json!(3_584_008)));
    assert_eq!(envelope["ret"]["errcode"], 40013);

    let long = "x".repeat(1025);
    let (status, code, msg) = refused(&routes, PHONE, request_with(json!({"code": long}))).await;
    let long = "/wxa/business/getuserphonenumber: code must be at most 1024 bytes (it has 1025): shorten it";
    assert_eq!((status, code, &*msg), (400, 3_584_002, long));

    let call = "/wxa/business/getuserphonenumber";
    sandbox.delay_next(call, Duration::from_secs(60));
    let body = request_with(json!({"code": user.phone_code()}));
    let (status, code, msg) = refused(&routes, PHONE, body).await;
    assert_eq!((status, code), (504, 3_584_008));
    assert!(msg.contains("press the button again"), "{msg}");
}

#[tokio::test(start_paused = true)]
async fn the_services_work_alone() {
    let (sandbox, _) = sandbox();
    let codes = UnlimitedQrcodeService::new(sandbox.wechat()).unprotected();
    let body = request_with(json!({"scene": "a"})).to_string();
    assert_eq!(
        answer(codes, post("/any/path", body)).await.0,
        StatusCode::OK
    );
    let phones = PhoneService::new(sandbox.wechat())
        .unprotected()
        .failures_as_200();
    let body = request_with(json!({"code": "x"})).to_string();
    let (status, envelope) = answer(phones, post("/", body)).await;
    assert_eq!(
        (status, &envelope["ret"]["code"]),
        (StatusCode::OK, &json!(3_584_008))
    );
}

fn keyed(body: &Value, key: &str) -> Request<Body> {
    let mut request = post(TOKEN, body.to_string());
    let value = format!("Bearer {key}").parse().unwrap();
    request.headers_mut().insert(header::AUTHORIZATION, value);
    request
}

#[tokio::test(start_paused = true)]
async fn tokens_are_returned_to_callers_with_a_key() {
    let (sandbox, routes) = sandbox();
    let tokens = sandbox.wechat().tokens();
    let routes = routes.serve_tokens([KEY]).unwrap();
    let body = request_with(json!({"flow_id": "f-3"}));
    let response = routes.clone().oneshot(keyed(&body, KEY)).await.unwrap();
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let envelope: Value = serde_json::from_slice(&response.into_body().into_bytes()).unwrap();
    let token = tokens.get(APPID).await.unwrap();
    let left = envelope["body"]["expires_in"].as_u64().unwrap();
    assert!((7180..=7200).contains(&left), "{left}");
    assert_eq!(
        envelope["body"],
        json!({
            "flow_id": "f-3", "appid": APPID, "access_token": token.secret().expose(),
            "expires_in": left,
        })
    );
    sandbox.advance(Duration::from_secs(1000));
    let body = request_with(json!({"kind": "access_token"}));
    let (_, envelope) = answer(routes.clone(), keyed(&body, KEY)).await;
    assert_eq!(envelope["body"]["expires_in"], left - 1000);
    assert_eq!(sandbox.calls(STABLE), 2, "one for each Wechat");

    for kind in ["jsapi_ticket", "wx_card_ticket"] {
        let (_, envelope) = answer(
            routes.clone(),
            keyed(&request_with(json!({"kind": kind})), KEY),
        )
        .await;
        let body = &envelope["body"];
        assert_eq!(body["ticket"].as_str().unwrap().len(), 86, "{envelope}");
        assert_eq!(body["access_token"], Value::Null);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_not_returned_to_other_callers() {
    let (sandbox, routes) = sandbox();
    let good = request_with(json!({}));
    // Disabled by default, whatever key is given.
    let keyless = routes.clone().access_keys([KEY]);
    for routes in [routes.clone(), keyless] {
        let (status, envelope) = answer(routes, keyed(&good, KEY)).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(!envelope["ret"]["msg"].as_str().unwrap().contains("token"));
    }

    let routes = routes.access_keys(["a key of the other routes"]);
    let routes = routes
        .serve_tokens([KEY, "another one of these keys"])
        .unwrap();
    for key in [
        "",
        "a key",
        "a key of the other routes",
        &KEY[1..],
        &format!("{KEY} "),
    ] {
        let (status, envelope) = answer(routes.clone(), keyed(&good, key)).await;
        assert_eq!(
            (status.as_u16(), &envelope["body"]),
            (401, &json!({})),
            "{key}"
        );
    }
    let (status, _) = answer(routes.clone(), post(TOKEN, good.to_string())).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(sandbox.calls(STABLE), 0, "nothing was fetched for them");

    let case = async |body: Value| {
        let (status, envelope) = answer(routes.clone(), keyed(&body, KEY)).await;
        let msg = envelope["ret"]["msg"].as_str().unwrap().to_owned();
        (
            status.as_u16(),
            envelope["ret"]["code"].as_u64().unwrap(),
            msg,
        )
    };
    let (status, code, msg) = case(request_with(json!({"kind": "secret"}))).await;
    let kinds = "kind must be access_token, jsapi_ticket or wx_card_ticket";
    assert_eq!((status, code, &*msg), (400, 3_584_002, kinds));
    let (status, code, msg) = case(json!({"appid": APPID})).await;
    let missing = "source is required: send a non-empty string";
    assert_eq!((status, code, &*msg), (400, 3_584_002, missing));
    let (status, code, _) = case(request_with(json!({"appid": "wx0"}))).await;
    assert_eq!((status, code), (404, 3_584_005));
    sandbox.fail_next(STABLE, ErrCode::INVALID_APP_SECRET);
    let (status, code, _) = case(good.clone()).await;
    assert_eq!((status, code), (502, 3_584_005));
    sandbox.advance(Duration::from_secs(11));
    sandbox.fail_next(STABLE, ErrCode::DAILY_QUOTA_REACHED);
    let (status, code, _) = case(good.clone()).await;
    assert_eq!((status, code), (429, 3_584_004));
    let get = Request::get(TOKEN).body(Body::empty()).unwrap();
    assert_eq!(
        answer(routes.clone(), get).await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );

    let as_200 = routes.failures_as_200();
    let (status, envelope) = answer(as_200, keyed(&good, "x")).await;
    assert_eq!(
        (status.as_u16(), &envelope["ret"]["code"]),
        (200, &json!(3_584_001))
    );
}

#[test]
fn the_token_route_cannot_be_enabled_without_keys() {
    let wechat = Sandbox::new().wechat();
    for keys in [vec![], vec![""], vec!["too short"], vec![KEY, "short"]] {
        let error = TokenRoute::new(wechat.clone(), keys.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.to_string(),
            "the token route requires an access key: give at least one key, of 16 bytes or \
             more"
        );
        let same = wechat.routes().serve_tokens(keys).unwrap_err();
        assert_eq!(same.to_string(), error.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_returns_codes_to_a_command_line() {
    let (sandbox, routes) = sandbox();
    let control = async |command: &str, body: Value| {
        let request = Request::post(format!("/control/{command}"));
        let request = request
            .body(http_body_util::Full::new(bytes::Bytes::from(
                body.to_string(),
            )))
            .unwrap();
        let response = sandbox.http().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = http_body_util::BodyExt::collect(response.into_body())
            .await
            .unwrap();
        (
            status,
            serde_json::from_slice::<Value>(&body.to_bytes()).unwrap(),
        )
    };
    let (_, answer) = control("code", json!({"type": "phone"})).await;
    let (status, envelope) = ask(
        &routes,
        PHONE,
        &request_with(json!({"code": answer["code"]})),
    )
    .await;
    assert_eq!(status, 200, "{envelope}");
    control("page", json!({"page": "pages/new"})).await;
    let fields = json!({"scene": "a", "page": "pages/new"});
    assert_eq!(ask(&routes, QRCODE, &request_with(fields)).await.0, 200);
    assert_eq!(
        control("code", json!({"type": "login", "user": "nobody"}))
            .await
            .0,
        404
    );
    assert_eq!(control("code", json!({"type": "other"})).await.0, 400);
}
