//! The documented routes: the envelope and invalid requests.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body::Frame;
use serde_json::json;
use tower::ServiceExt;
use tower_wechat::api::oauth::RefreshUserToken;
use tower_wechat::callback::Mode;
use tower_wechat::routes::{NoHandler, Routes, UserInfoService};
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{AppConfig, Body, ErrCode, Message, Reply, Wechat, handler_fn};

use crate::support::{self, answer, clock, code, post};

const USERINFO: &str = "/getwxuserinfo";

fn sandbox() -> (Sandbox, Routes<NoHandler>) {
    let sandbox = Sandbox::with_clock(clock());
    let routes = sandbox.wechat().routes().unprotected();
    (sandbox, routes)
}

fn body(code: &str) -> String {
    json!({ "source": "test", "appid": Sandbox::APPID, "code": code }).to_string()
}

#[tokio::test(start_paused = true)]
async fn the_answer_has_the_documented_shape() {
    let (sandbox, routes) = sandbox();
    let code = code(&sandbox, "snsapi_userinfo").await;
    let response = routes.oneshot(post(USERINFO, body(&code))).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(id.starts_with("wxmsg_") && id.len() == 16, "{id}");

    let text = String::from_utf8(response.into_body().into_bytes().into()).unwrap();
    let user = sandbox.user("Hui🐠");
    let (openid, unionid) = (user.openid(), user.unionid());
    let (before, picture) = text.split_once(r#""headimgurl":"https://"#).unwrap();
    assert_eq!(
        before,
        format!(
            r#"{{"ret":{{"code":0,"msg":"OK","request_id":"{id}"}},"body":{{"appid":"wx3cc8fd6963e31a32","access_token":"","openid":"{openid}","refresh_token":"","nickname":"Hui🐠","sex":0,"province":"","city":"","country":"","#
        )
    );
    let end = format!(r#"","unionid":"{unionid}","is_snapshot_user":0}}}}"#);
    assert!(picture.ends_with(&end), "{picture}");
}

#[tokio::test(start_paused = true)]
async fn a_used_code_is_reported() {
    let (sandbox, routes) = sandbox();
    let code = code(&sandbox, "snsapi_userinfo").await;
    answer(routes.clone(), post(USERINFO, body(&code))).await;
    let (status, envelope) = answer(routes, post(USERINFO, body(&code))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(envelope["ret"]["code"], 3584004);
    assert_eq!(envelope["ret"]["errcode"], 40163);
    assert_eq!(envelope["ret"]["errmsg"], "code been used");
    assert_eq!(envelope["ret"]["rid"].as_str().unwrap().len(), 26);
    assert!(
        envelope["ret"]["msg"]
            .as_str()
            .unwrap()
            .contains("the code was already used")
    );
    assert_eq!(envelope["body"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn each_failure_has_its_code_and_status() {
    let (sandbox, routes) = sandbox();
    let case = async |request: serde_json::Value| {
        let (status, envelope) = answer(routes.clone(), post(USERINFO, request.to_string())).await;
        let ret = &envelope["ret"];
        let msg = ret["msg"].as_str().unwrap().to_owned();
        (status.as_u16(), ret["code"].as_u64().unwrap(), msg)
    };
    let appid = Sandbox::APPID;

    for source in [json!(""), json!(null)] {
        let (status, code, msg) =
            case(json!({"source": source, "appid": appid, "code": "x"})).await;
        assert_eq!((status, code), (400, 3584002));
        assert_eq!(msg, "source is required: send a non-empty string");
    }
    for missing in ["source", "appid", "code"] {
        let mut request = json!({"source": "t", "appid": appid, "code": "x"});
        request.as_object_mut().unwrap().remove(missing);
        let (status, code, msg) = case(request).await;
        assert_eq!((status, code), (400, 3584002));
        assert_eq!(
            msg,
            format!("{missing} is required: send a non-empty string")
        );
    }
    let long = "x".repeat(129);
    let (status, code, msg) = case(json!({"source": long, "appid": appid, "code": "x"})).await;
    assert_eq!((status, code), (400, 3584002));
    assert_eq!(msg, "source must be at most 128 characters (it has 129)");
    let (status, code, msg) =
        case(json!({"source": "t", "appid": appid, "code": "x".repeat(1025)})).await;
    assert_eq!((status, code), (400, 3584002));
    assert_eq!(
        msg,
        "/sns/oauth2/access_token: code must be at most 1024 bytes (it has 1025): pass it on \
         unchanged"
    );

    let (status, code, msg) = case(json!({"source": "t", "appid": "wx0", "code": "x"})).await;
    assert_eq!((status, code), (404, 3584005));
    assert_eq!(
        msg,
        "app \"wx0\" is not configured: add it, with its secret, or correct the id"
    );

    let (status, code, _) = case(json!({"source": "t", "appid": appid, "code": "x"})).await;
    assert_eq!((status, code), (422, 3584004));

    let trade = "/sns/oauth2/access_token";
    let refusals = [
        (ErrCode::INVALID_APP_SECRET, 502, 3584005),
        (ErrCode::IP_NOT_WHITELISTED, 502, 3584005),
        (ErrCode::MINUTE_QUOTA_REACHED, 503, 3584004),
        (ErrCode::DAILY_QUOTA_REACHED, 429, 3584004),
        (ErrCode::SYSTEM_BUSY, 503, 3584004),
        (ErrCode::new(99999), 502, 3584004),
    ];
    for (errcode, status, code) in refusals {
        sandbox.fail_next(trade, errcode);
        let request = json!({"source": "t", "appid": appid, "code": "x"});
        let outcome = case(request).await;
        assert_eq!((outcome.0, outcome.1), (status, code), "{errcode}");
    }
}

#[tokio::test(start_paused = true)]
async fn transport_failures_are_distinguished() {
    let (sandbox, routes) = sandbox();
    sandbox.drop_next("/sns/oauth2/access_token");
    let (status, _) = answer(routes.clone(), post(USERINFO, body("x"))).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    sandbox.delay_next("/sns/oauth2/access_token", Duration::from_secs(3600));
    let (status, _) = answer(routes, post(USERINFO, body("x"))).await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn both_names_of_the_appid_are_accepted_and_the_flow_id_is_echoed() {
    let (sandbox, routes) = sandbox();
    let code = code(&sandbox, "snsapi_userinfo").await;
    let request = json!({
        "source": "t", "app_id": Sandbox::APPID, "code": code, "flow_id": "f-1"
    });
    let (status, envelope) = answer(routes, post(USERINFO, request.to_string())).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(envelope["body"]["flow_id"], "f-1");
}

#[tokio::test(start_paused = true)]
async fn malformed_json_is_named_by_position_and_field() {
    let (_, routes) = sandbox();
    let case = async |body: &'static str| {
        let (status, envelope) = answer(routes.clone(), post(USERINFO, body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(envelope["ret"]["code"], 3584002);
        envelope["ret"]["msg"].as_str().unwrap().to_owned()
    };
    for (body, msg) in [
        (
            "{\"source\":\"a\",
\"code\":[\"s3cr3t\"]}",
            "field code is of the wrong type, at line 2 column 7 of the body",
        ),
        (
            "{\"source\":\"a\",code:1}",
            "the body is not JSON, at line 1 column 15 of the body",
        ),
        (
            "{\"source\":",
            "field source ends too early, at line 1 column 10 of the body",
        ),
        (
            "",
            "the body ends too early, at line 1 column 0 of the body",
        ),
        (
            "{} trailing",
            "the body is not JSON, at line 1 column 4 of the body",
        ),
        (
            "{\"appid\":\"a\",\"app_id\":\"b\"}",
            "field appid is given twice",
        ),
        (
            "{\"source\":\"a\",\"source\":\"b\"}",
            "field source is given twice",
        ),
        ("[\"a\",\"b\"]", "the body must be a JSON object"),
        (" [[[[", "the body must be a JSON object"),
        ("\"a\"", "the body must be a JSON object"),
        ("-1", "the body must be a JSON object"),
        (
            "null",
            "the body is of the wrong type, at line 1 column 4 of the body",
        ),
        (
            "nul",
            "the body ends too early, at line 1 column 3 of the body",
        ),
    ] {
        assert_eq!(case(body).await, msg, "{body}");
    }
}

#[tokio::test]
async fn a_wrong_value_inside_an_object_is_named() {
    let (_, routes) = sandbox();
    for (color, msg) in [
        (
            r#"{"r":256,"g":0,"b":0}"#,
            "field line_color.r is of the wrong type",
        ),
        (
            r#"{"r":"x","g":0,"b":0}"#,
            "field line_color.r is of the wrong type",
        ),
        (
            r#"{"r":1,"r":2,"g":0,"b":0}"#,
            "field line_color.r is given twice",
        ),
        ("[1,2,3]", "field line_color must be an object"),
        ("7", "field line_color is of the wrong type"),
    ] {
        let body = format!(
            r#"{{"source":"t","appid":"wx3cc8fd6963e31a32","scene":"a","line_color":{color}}}"#
        );
        let request = post("/getunlimitedqrcode", body);
        let (status, envelope) = answer(routes.clone(), request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{color}");
        let text = envelope["ret"]["msg"].as_str().unwrap();
        assert!(text.starts_with(msg), "{color}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn deep_nesting_is_rejected_without_recursion() {
    let (_, routes) = sandbox();
    let deep = format!("{{\"x\":{}", "[".repeat(60_000));
    let (status, _) = answer(routes, post(USERINFO, deep)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_request_is_rejected_with_a_reason() {
    let (_, routes) = sandbox();
    let (status, envelope) = answer(routes.clone(), post("/nosuchroute", "{}")).await;
    assert_eq!(
        (status.as_u16(), &envelope["ret"]["code"]),
        (404, &json!(3584001))
    );
    for route in [
        "/",
        "/getwxuserinfo//",
        "/getwxuserinfo/x",
        "/wxmsgs",
        "/wxmsg",
    ] {
        let (status, _) = answer(routes.clone(), post(route, "{}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{route}");
    }

    let get = Request::get(USERINFO).body(Body::empty()).unwrap();
    let response = routes.clone().oneshot(get).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "POST");

    let mut request = post(USERINFO, "{}");
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    let (status, envelope) = answer(routes.clone(), request).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(
        envelope["ret"]["msg"]
            .as_str()
            .unwrap()
            .contains("application/json")
    );

    let large = format!("{{\"source\":\"{}\"}}", "x".repeat(64 << 10));
    let (status, _) = answer(routes.clone(), post(USERINFO, large)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let mut request = post(USERINFO, "{}");
    let json = "application/json; charset=utf-8".parse().unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, json);
    let (status, _) = answer(routes, request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

/// A body that never yields a frame.
struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_may_take_ten_seconds() {
    let (_, routes) = sandbox();
    let request = post(USERINFO, "").map(|_| Never);
    let answer = tokio::time::timeout(Duration::from_secs(11), routes.oneshot(request));
    let response = answer.await.expect("in time").unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    let body = response.into_body().into_bytes();
    let envelope: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(envelope["ret"]["code"], 3584002);
}

#[tokio::test(start_paused = true)]
async fn access_keys_are_required() {
    let (sandbox, routes) = sandbox();
    let routes = routes.access_keys(["the-first-long-key", "the-second-long-key"]);
    let with = |authorization: Option<&str>| {
        let mut request = post(USERINFO, "{}");
        if let Some(value) = authorization {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        request
    };
    let refused = [
        None,
        Some(""),
        Some("Bearer "),
        Some("Bearer wrong"),
        Some("Basic the-first-long-key"),
        Some("the-first-long-key"),
        Some("Bearer the-first-long-key "),
        Some("Bearer the-first-long-ke"),
    ];
    for authorization in refused {
        let (status, envelope) = answer(routes.clone(), with(authorization)).await;
        // The HTTP grammar strips a trailing space, not this crate.
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{authorization:?}");
        assert_eq!(envelope["ret"]["code"], 3584001);
    }
    for key in ["Bearer the-first-long-key", "bearer the-second-long-key"] {
        let (status, _) = answer(routes.clone(), with(Some(key))).await;
        assert_eq!(
            status,
            StatusCode::BAD_REQUEST,
            "let in, and told what is missing"
        );
    }
    let response = routes.clone().oneshot(with(None)).await.unwrap();
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    assert_eq!(sandbox.calls("/sns/oauth2/access_token"), 0);
    assert!(!format!("{routes:?}").contains("long-key"));
}

#[tokio::test(start_paused = true)]
async fn a_short_alphanumeric_request_id_is_kept() {
    let (_, routes) = sandbox();
    let id = async |given: &str| {
        let mut request = post(USERINFO, "{}");
        request
            .headers_mut()
            .insert("x-request-id", given.parse().unwrap());
        let (_, envelope) = answer(routes.clone(), request).await;
        envelope["ret"]["request_id"].as_str().unwrap().to_owned()
    };
    for given in ["abc-1", "0af7:A.b_c", &"x".repeat(128)] {
        assert_eq!(id(given).await, given);
    }
    for given in [
        "",
        "a b",
        "a\"b",
        "a}b",
        "a=b",
        "a;b",
        "a%0ab",
        &"x".repeat(129),
    ] {
        assert!(id(given).await.starts_with("wxmsg_"));
    }
}

#[tokio::test(start_paused = true)]
async fn every_failure_can_have_status_200() {
    let (_, routes) = sandbox();
    let routes = routes.failures_as_200();
    let (status, envelope) = answer(routes, post(USERINFO, body("x"))).await;
    assert_eq!(
        (status, &envelope["ret"]["code"]),
        (StatusCode::OK, &json!(3584004))
    );
}

#[tokio::test(start_paused = true)]
async fn user_tokens_are_returned_only_when_exposed() {
    let (sandbox, routes) = sandbox();
    let code = code(&sandbox, "snsapi_userinfo").await;
    let (_, envelope) = answer(routes.clone(), post(USERINFO, body(&code))).await;
    assert_eq!(envelope["body"]["access_token"], "");
    assert_eq!(envelope["body"]["refresh_token"], "");

    let code = self::code(&sandbox, "snsapi_userinfo").await;
    let (_, envelope) = answer(routes.expose_tokens(), post(USERINFO, body(&code))).await;
    let exposed = |name: &str| envelope["body"][name].as_str().unwrap();
    let (token, refresh) = (exposed("access_token"), exposed("refresh_token"));
    // The exposed tokens work.
    let query = format!("access_token={token}&openid={}", exposed("openid"));
    let request = http::Request::get(format!("/sns/auth?{query}"));
    let answer = sandbox.clone().oneshot(request.body(Bytes::new()).unwrap());
    let answer: serde_json::Value = serde_json::from_slice(answer.await.unwrap().body()).unwrap();
    assert_eq!(answer["errcode"], 0, "{answer}");
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let refreshed = app.call(RefreshUserToken::new(refresh)).await.unwrap();
    assert_eq!(refreshed.openid, exposed("openid"));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_reported_as_a_server_error() {
    let sandbox = Sandbox::with_clock(clock());
    let builder = Wechat::builder().transport(sandbox.clone());
    let wechat = builder
        .app(AppConfig::new(Sandbox::APPID, "wrong"))
        .build()
        .unwrap();
    let code = code(&sandbox, "snsapi_userinfo").await;
    let service = UserInfoService::new(wechat).unprotected();
    let (status, envelope) = answer(service, post("/anything", body(&code))).await;
    assert_eq!(
        (status, &envelope["ret"]["code"]),
        (StatusCode::BAD_GATEWAY, &json!(3584005))
    );
    assert_eq!(envelope["ret"]["errcode"], 40125);
}

#[tokio::test(start_paused = true)]
async fn the_merged_answer_has_the_unionid() {
    let (sandbox, routes) = sandbox();
    let code = code(&sandbox, "snsapi_userinfo").await;
    let profile = r#"{"openid":"o1","nickname":"x"}"#;
    sandbox.answer_next("/sns/userinfo", support::json(profile));
    let (_, envelope) = answer(routes, post(USERINFO, body(&code))).await;
    assert_eq!(envelope["body"]["unionid"], sandbox.user("Hui🐠").unionid());
    assert_eq!(envelope["body"]["headimgurl"], "");
}

async fn on_message(message: Message) -> Reply {
    Reply::text(format!("{} for {}", message.msg_type(), message.appid()))
}

#[tokio::test(start_paused = true)]
async fn one_app_has_both_callback_paths_and_several_have_one_each() {
    let sandbox = Sandbox::with_clock(clock());
    let (first, user) = (sandbox.appid(), sandbox.user("Hui"));
    let routes = sandbox.wechat().routes().on_message(handler_fn(on_message));
    for path in ["/wxmsg", "/wxmsg/wx3cc8fd6963e31a32"] {
        sandbox.set_callback_url(&first, path);
        assert!(sandbox.verify(&first, routes.clone()).await, "{path}");
        let delivery = sandbox.push(Push::text(&user, "hi"), routes.clone()).await;
        let text = delivery.reply().unwrap().text().unwrap().to_owned();
        assert_eq!(text, "text for wx3cc8fd6963e31a32");
    }

    let second = sandbox.add_app("wxsecond", Mode::Plaintext).unwrap();
    let routes = sandbox
        .wechat()
        .routes()
        .on_message(handler_fn(on_message))
        .prefix("/wx/");
    for (appid, url) in [
        (&first, "/wx/wxmsg/wx3cc8fd6963e31a32"),
        (&second, "/wx/wxmsg/wxsecond"),
    ] {
        sandbox.set_callback_url(appid, url);
        assert!(sandbox.verify(appid, routes.clone()).await, "{appid}");
        let push = Push::text(&user.clone().at(appid), "hi");
        let delivery = sandbox.push(push, routes.clone()).await;
        assert_eq!(
            delivery.reply().unwrap().text(),
            Some(&*format!("text for {appid}"))
        );
    }
    // Pushes need the appid in the path, and each app's pushes are checked with its own keys.
    sandbox.set_callback_url(&first, "/wx/wxmsg");
    assert!(!sandbox.verify(&first, routes.clone()).await);
    sandbox.set_callback_url(&first, "/wx/wxmsg/wxsecond");
    assert!(!sandbox.verify(&first, routes.clone()).await);
    sandbox.set_callback_url(&first, "/wx/wxmsg/wxunknown");
    assert!(!sandbox.verify(&first, routes.clone()).await);
    let put = Request::put("/wx/wxmsg/wxsecond")
        .body(Body::empty())
        .unwrap();
    let response = routes.oneshot(put).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(response.headers().contains_key(header::ALLOW));
    let _ = Method::PUT;
}
