//! The routes of official accounts: `getwxqrcode` and `sendwxtemplatemsg`.

use base64::Engine;
use http::StatusCode;
use serde_json::{Value, json};
use tower_wechat::routes::{NoHandler, QrcodeService, Routes, TemplateMessageService};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{ErrCode, Event, Message, Reply, handler_fn};

use crate::official::scan_image;
use crate::support::{answer, clock, post};

const QRCODE: &str = "/getwxqrcode";
const MESSAGE: &str = "/sendwxtemplatemsg";
const SEND: &str = "/cgi-bin/message/template/send";

fn sandbox() -> (Sandbox, Routes<NoHandler>) {
    let sandbox = Sandbox::with_clock(clock());
    let routes = sandbox.wechat().routes().unprotected();
    (sandbox, routes)
}

/// Returns a request with the common fields and `more`.
fn body(more: Value) -> String {
    let mut body = json!({"source": "test", "appid": Sandbox::APPID});
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body.to_string()
}

/// Returns a template message to a follower, with `more`.
fn message(sandbox: &Sandbox, more: Value) -> Value {
    let user = sandbox.user("Ming");
    user.set_follows(true);
    let template = sandbox.add_template(&sandbox.appid(), "t", "{{thing1.DATA}}");
    let mut body = json!({
        "openid": user.openid(),
        "template_id": template,
        "data": {"data": {"thing1": {"value": "茶叶", "color": "#173177"}}},
    });
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body
}

fn ret(envelope: &Value) -> (u64, String) {
    let ret = &envelope["ret"];
    (
        ret["code"].as_u64().unwrap(),
        ret["msg"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test(start_paused = true)]
async fn a_code_is_returned_with_its_image() {
    let (_, routes) = sandbox();
    let request = body(json!({"flow_id": "f-1", "scene": "order-42", "expire_seconds": 600}));
    let (status, envelope) = answer(routes, post(QRCODE, request)).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    let body = envelope["body"].as_object().unwrap();
    let fields: Vec<&str> = body.keys().map(String::as_str).collect();
    let documented = [
        "appid",
        "expire_seconds",
        "flow_id",
        "qr_buffer",
        "ticket",
        "url",
    ];
    assert_eq!(fields, documented);
    assert_eq!(
        (&body["flow_id"], &body["expire_seconds"]),
        (&json!("f-1"), &json!(600))
    );
    let data = body["qr_buffer"].as_str().unwrap();
    let data = data.strip_prefix("data:image/png;base64,").unwrap();
    let image = base64::engine::general_purpose::STANDARD
        .decode(data)
        .unwrap();
    assert_eq!(scan_image(&image), body["url"].as_str().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_code_is_permanent_or_temporary_with_a_text_or_a_number() {
    let (_, routes) = sandbox();
    for (more, life) in [
        (json!({"scene": "x"}), 60),
        (json!({"scene": "x", "expire_seconds": 0}), 60),
        (json!({"scene": "x", "expire_seconds": "30"}), 30),
        (
            json!({"scene_id": 7, "expire_seconds": 2_592_000}),
            2_592_000,
        ),
        (json!({"scene": "x", "permanent": true}), 0),
        (json!({"scene": "x", "scene_id": 0}), 60),
        (json!({"scene": "", "scene_id": 7}), 60),
        (
            json!({"scene_id": "7", "permanent": true, "expire_seconds": 0}),
            0,
        ),
    ] {
        let (status, envelope) = answer(routes.clone(), post(QRCODE, body(more))).await;
        assert_eq!(status, StatusCode::OK, "{envelope}");
        assert_eq!(envelope["body"]["expire_seconds"], life);
        assert!(envelope["body"].get("flow_id").is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejected_code_has_a_reason() {
    let (sandbox, routes) = sandbox();
    let case = async |more: Value| {
        let (status, envelope) = answer(routes.clone(), post(QRCODE, body(more))).await;
        assert_eq!(envelope["body"], json!({}));
        let (code, msg) = ret(&envelope);
        (status.as_u16(), code, msg)
    };
    let parameters = [
        (json!({}), "scene is required"),
        (json!({"scene": ""}), "scene is required"),
        (json!({"scene": "x".repeat(65)}), "it has 65"),
        (json!({"scene": "x", "scene_id": 1}), "exclude each other"),
        (json!({"scene_id": 0}), "must not be 0"),
        (
            json!({"scene_id": 100_001, "permanent": true}),
            "scene_id of a permanent code must be at most 100000 (it is 100001)",
        ),
        (
            json!({"scene_id": 4_294_967_296_u64}),
            "scene_id must be at most 4294967295 (it is 4294967296)",
        ),
        (
            json!({"scene_id": -1}),
            "field scene_id is of the wrong type",
        ),
        (
            json!({"scene": "x", "expire_seconds": 2_592_001}),
            "expire_seconds must be 1 to 2592000 (it is 2592001)",
        ),
        (
            json!({"scene": "x", "expire_seconds": 5, "permanent": true}),
            "expire_seconds must be absent or 0 for a permanent code",
        ),
        (json!({"scene": ["x"]}), "field scene"),
        (json!({"scene": "x", "source": ""}), "source is required"),
        (json!({"scene": "x", "appid": null}), "appid is required"),
    ];
    for (more, part) in parameters {
        let (status, code, msg) = case(more).await;
        assert_eq!((status, code), (400, 3_584_002), "{msg}");
        assert!(msg.contains(part), "{msg} lacks {part}");
    }
    let (status, code, _) = case(json!({"scene": "x", "appid": "wx0"})).await;
    assert_eq!((status, code), (404, 3_584_005));
    assert_eq!(sandbox.calls("/cgi-bin/qrcode/create"), 0);

    for (path, errcode, status, code) in [
        (
            "/cgi-bin/stable_token",
            ErrCode::INVALID_APP_SECRET,
            502,
            3_584_005,
        ),
        (
            "/cgi-bin/qrcode/create",
            ErrCode::API_UNAUTHORIZED,
            502,
            3_584_007,
        ),
        (
            "/cgi-bin/qrcode/create",
            ErrCode::CODES_USED_UP,
            429,
            3_584_007,
        ),
        (
            "/cgi-bin/qrcode/create",
            ErrCode::INVALID_ACTION_INFO,
            422,
            3_584_007,
        ),
        (
            "/cgi-bin/showqrcode",
            ErrCode::MINUTE_QUOTA_REACHED,
            503,
            3_584_007,
        ),
    ] {
        sandbox.fail_next(path, errcode);
        let outcome = case(json!({"scene": "x"})).await;
        assert_eq!(
            (outcome.0, outcome.1),
            (status, code),
            "{errcode}: {}",
            outcome.2
        );
        // A rejected secret is cached for some seconds.
        sandbox.advance(std::time::Duration::from_secs(60));
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_error_has_a_separate_code() {
    let (sandbox, routes) = sandbox();
    sandbox.fail_next("/cgi-bin/stable_token", ErrCode::DAILY_QUOTA_REACHED);
    let (status, envelope) = answer(routes, post(QRCODE, body(json!({"scene": "x"})))).await;
    assert_eq!((status.as_u16(), ret(&envelope).0), (429, 3_584_004));
    assert_eq!(envelope["ret"]["errcode"], 45009);
}

#[tokio::test(start_paused = true)]
async fn a_scan_of_the_code_arrives_at_wxmsg() {
    let sandbox = Sandbox::with_clock(clock());
    let routes = sandbox
        .wechat()
        .routes()
        .unprotected()
        .on_message(handler_fn(async |message: Message| {
            let ticket = message.field("Ticket").unwrap_or_default();
            match message.event() {
                Event::Subscribe(new) => Reply::text(format!("{:?} {ticket}", new.scene())),
                Event::Scan(scan) => Reply::text(format!("{} {ticket}", scan.scene())),
                _ => Reply::none(),
            }
        }));
    sandbox.set_callback_url(&sandbox.appid(), "/wxmsg");
    let (_, envelope) = answer(routes.clone(), post(QRCODE, body(json!({"scene": "x"})))).await;
    let ticket = envelope["body"]["ticket"].as_str().unwrap();
    let user = sandbox.user("Ming");
    for expected in [format!("Some(\"x\") {ticket}"), format!("x {ticket}")] {
        let delivery = sandbox.scan(&user, ticket, routes.clone()).await;
        assert_eq!(delivery.reply().unwrap().text(), Some(expected.as_str()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_accepted_in_every_documented_form() {
    let (sandbox, routes) = sandbox();
    let plain = message(&sandbox, json!({}));
    let mut as_text = plain.clone();
    as_text["data"] = plain["data"].to_string().into();
    let mut inside = plain.clone();
    inside["data"]["template_id"] = plain["template_id"].clone();
    inside["data"]["touser"] = plain["openid"].clone();
    inside.as_object_mut().unwrap().remove("template_id");
    let mut inside_text = inside.clone();
    inside_text["data"] = inside["data"].to_string().into();
    let mut both = inside.clone();
    both["template_id"] = plain["template_id"].clone();
    let mut full = plain.clone();
    full["data"]["url"] = "https://shop.example".into();
    full["data"]["miniprogram"] = json!({"appid": "", "pagepath": ""});
    full["data"]["data"]["thing1"]["value"] = 42.into();
    for request in [plain, as_text, inside, inside_text, both, full] {
        let (status, envelope) = answer(routes.clone(), post(MESSAGE, body(request))).await;
        assert_eq!(status, StatusCode::OK, "{envelope}");
        let fields: Vec<&String> = envelope["body"].as_object().unwrap().keys().collect();
        assert_eq!(fields, ["appid", "msgid"]);
        let msgid = envelope["body"]["msgid"].as_str().unwrap();
        assert_eq!(msgid.len(), 19, "a text of all its digits");
    }
    let with_flow = message(&sandbox, json!({"flow_id": "f-1"}));
    let (_, envelope) = answer(routes, post(MESSAGE, body(with_flow))).await;
    assert_eq!(envelope["body"]["flow_id"], "f-1");
}

#[tokio::test(start_paused = true)]
async fn a_rejected_message_has_a_reason() {
    let (sandbox, routes) = sandbox();
    let case = async |more: Value| {
        let request = body(message(&sandbox, more));
        let (status, envelope) = answer(routes.clone(), post(MESSAGE, request)).await;
        let (code, msg) = ret(&envelope);
        assert_eq!(envelope["body"], json!({}), "{msg}");
        (
            status.as_u16(),
            code,
            msg,
            envelope["ret"]["errcode"].as_i64(),
        )
    };
    let keywords = json!({"thing1": {"value": "x"}});
    let parameters = [
        (json!({"source": null}), "source is required"),
        (json!({"openid": ""}), "openid is required"),
        (json!({"template_id": null}), "template_id is required"),
        (json!({"data": null}), "data is required"),
        (json!({"data": 7}), "data is required"),
        (json!({"data": "{\"data\":"}), "not JSON at line 1"),
        (json!({"data": "[]"}), "does not contain an object"),
        (
            json!({"data": {"thing1": {"value": "x"}}}),
            "unknown field data.thing1: the known fields are touser, template_id, url, miniprogram, \
             client_msg_id, data",
        ),
        (
            json!({"data": {"data": {"thing1": "x"}}}),
            "data.data.thing1",
        ),
        (
            json!({"data": {"data": keywords, "touser": "other"}}),
            "openid differs from its value inside data: send one of them",
        ),
        (
            json!({"data": {"data": keywords, "template_id": "other"}}),
            "template_id differs from its value inside data: send one of them",
        ),
        (
            json!({"data": {"data": keywords, "miniprogram": {"appid": "wx 1"}}}),
            "appid must be 1 to 64 letters, digits, '-' or '_' (it has 4 bytes)",
        ),
    ];
    for (more, part) in parameters {
        let (status, code, msg, _) = case(more).await;
        assert_eq!((status, code), (400, 3_584_002), "{msg}");
        assert!(msg.contains(part), "{msg} lacks {part}");
    }
    assert_eq!(sandbox.calls(SEND), 0);

    let subscribe = sandbox.add_subscribe_template(&sandbox.appid(), "t", "{{thing1.DATA}}");
    let long = json!({"data": {"thing1": {"value": "长".repeat(21)}}});
    for (more, errcode) in [
        (json!({"openid": "nobody"}), 40003),
        (json!({"template_id": "unknown"}), 40037),
        (json!({"template_id": subscribe}), 40037),
        (json!({"data": long}), 47003),
    ] {
        let (status, code, msg, found) = case(more).await;
        assert_eq!(
            (status, code, found),
            (422, 3_584_009, Some(errcode)),
            "{msg}"
        );
    }
    let (status, code, msg, _) = case(json!({"appid": "wx0"})).await;
    assert_eq!((status, code), (404, 3_584_005), "{msg}");
    for (errcode, status) in [
        (ErrCode::DAILY_QUOTA_REACHED, 429),
        (ErrCode::SYSTEM_BUSY, 503),
        (ErrCode::API_UNAUTHORIZED, 502),
    ] {
        sandbox.fail_next(SEND, errcode);
        let (found, code, msg, _) = case(json!({})).await;
        assert_eq!((found, code), (status, 3_584_009), "{msg}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_to_a_non_follower_is_an_error() {
    let (sandbox, routes) = sandbox();
    let request = message(&sandbox, json!({}));
    sandbox.user("Ming").set_follows(false);
    let (status, envelope) = answer(routes, post(MESSAGE, body(request))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(envelope["ret"]["code"], 3_584_009);
    assert_eq!(envelope["ret"]["errcode"], 43004);
    assert!(ret(&envelope).1.contains("does not follow"));
}

#[tokio::test(start_paused = true)]
async fn a_message_is_retried_only_with_its_id() {
    let (sandbox, routes) = sandbox();
    sandbox.drop_next(SEND);
    let once = body(message(&sandbox, json!({})));
    let (status, _) = answer(routes.clone(), post(MESSAGE, once)).await;
    assert_eq!((status.as_u16(), sandbox.calls(SEND)), (502, 1));

    sandbox.drop_next(SEND);
    let mut safe = message(&sandbox, json!({}));
    safe["data"]["client_msg_id"] = "m-1".into();
    let (status, _) = answer(routes, post(MESSAGE, body(safe))).await;
    assert_eq!((status.as_u16(), sandbox.calls(SEND)), (200, 3));
}

#[tokio::test(start_paused = true)]
async fn each_route_works_alone() {
    let (sandbox, _) = sandbox();
    let wechat = sandbox.wechat();
    let codes = QrcodeService::new(wechat.clone()).access_keys(["a-long-key"]);
    let (status, _) = answer(codes.clone(), post("/x", body(json!({"scene": "x"})))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let mut request = post("/x", body(json!({"scene": "x"})));
    let key = "Bearer a-long-key".parse().unwrap();
    request
        .headers_mut()
        .insert(http::header::AUTHORIZATION, key);
    assert_eq!(answer(codes, request).await.0, StatusCode::OK);

    let messages = TemplateMessageService::new(wechat)
        .unprotected()
        .failures_as_200();
    let request = message(&sandbox, json!({"openid": "nobody"}));
    let (status, envelope) = answer(messages, post("/x", body(request))).await;
    assert_eq!((status.as_u16(), ret(&envelope).0), (200, 3_584_009));
}
