//! QR codes: the four actions, the limits, the image and the scan events.

use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_wechat::api::qrcode::{CreateQrcode, ShowQrcode};
use tower_wechat::api::shorten;
use tower_wechat::callback::Mode;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{ErrorClass, ErrorKind, Event, Message, Reply, handler_fn};

use super::{platform, refused_here, refused_there};

const CREATE: &str = "/cgi-bin/qrcode/create";

#[tokio::test(start_paused = true)]
async fn the_scene_selects_the_action() {
    let platform = platform();
    let app = &platform.app;
    let cases = [
        (
            CreateQrcode::temporary(7_u32),
            json!({"expire_seconds": 60, "action_name": "QR_SCENE",
                   "action_info": {"scene": {"scene_id": 7}}}),
        ),
        (
            CreateQrcode::temporary("订单-42").expires_in(Duration::from_millis(3_599_001)),
            json!({"expire_seconds": 3600, "action_name": "QR_STR_SCENE",
                   "action_info": {"scene": {"scene_str": "订单-42"}}}),
        ),
        (
            CreateQrcode::permanent(100_000_u32),
            json!({"action_name": "QR_LIMIT_SCENE",
                   "action_info": {"scene": {"scene_id": 100_000}}}),
        ),
        (
            CreateQrcode::permanent("123".to_owned()),
            json!({"action_name": "QR_LIMIT_STR_SCENE",
                   "action_info": {"scene": {"scene_str": "123"}}}),
        ),
    ];
    for (call, body) in cases {
        let ticket = app.call(call).await.unwrap();
        assert_eq!(platform.body(CREATE), body);
        let life = body.get("expire_seconds").and_then(Value::as_u64);
        assert_eq!(ticket.expire_seconds, life);
    }
    let raw = platform.sent.of(CREATE);
    let raw = String::from_utf8(raw[1].body().to_vec()).unwrap();
    assert!(raw.contains("订单-42"), "not escaped: {raw}");
}

#[tokio::test]
async fn limits_are_checked_before_anything_is_sent() {
    let platform = platform();
    let day = Duration::from_secs(24 * 3600);
    let cases = [
        (
            CreateQrcode::temporary(""),
            "scene_str",
            ["1 to 64", "it has 0"],
        ),
        (
            CreateQrcode::permanent("长".repeat(65)),
            "scene_str",
            ["1 to 64 characters", "it has 65"],
        ),
        (CreateQrcode::temporary(0_u32), "scene_id", ["not be 0", ""]),
        (
            CreateQrcode::permanent(100_001_u32),
            "scene_id",
            ["at most 100000", "it is 100001"],
        ),
        (
            CreateQrcode::temporary("x").expires_in(30 * day + Duration::from_nanos(1)),
            "expire_seconds",
            ["1 to 2592000", "it is 2592001"],
        ),
        (
            CreateQrcode::temporary("x").expires_in(Duration::ZERO),
            "expire_seconds",
            ["1 to 2592000", "it is 0"],
        ),
        (
            CreateQrcode::permanent("x").expires_in(day),
            "expire_seconds",
            ["temporary", ""],
        ),
    ];
    for (call, field, parts) in cases {
        refused_here(&platform.app.call(call).await.unwrap_err(), field, &parts);
    }
    let longest = CreateQrcode::temporary("长".repeat(64)).expires_in(30 * day);
    platform.app.call(longest).await.unwrap();
    assert_eq!(platform.sandbox.calls(CREATE), 1);
}

#[tokio::test]
async fn the_sandbox_rejects_what_the_platform_rejects() {
    let platform = platform();
    let token = platform.app.token().await.unwrap();
    let case = async |body: String| {
        let target = format!("{CREATE}?access_token={}", token.secret().expose());
        let request = Request::post(target).body(body.into()).unwrap();
        let response = platform.sandbox.clone().oneshot(request).await.unwrap();
        let answer: Value = serde_json::from_slice(response.body()).unwrap();
        answer["errcode"].as_i64().unwrap_or_default()
    };
    let scene = |action: &str, scene: Value| {
        json!({"action_name": action, "action_info": {"scene": scene}}).to_string()
    };
    let long = "x".repeat(65);
    assert_eq!(case(String::new()).await, 44002);
    assert_eq!(case("{".to_owned()).await, 47001);
    assert_eq!(case(scene("QR_OTHER", json!({"scene_id": 1}))).await, 40053);
    assert_eq!(
        case(scene("QR_STR_SCENE", json!({"scene_str": long}))).await,
        40053
    );
    assert_eq!(
        case(scene("QR_STR_SCENE", json!({"scene_id": 1}))).await,
        40053
    );
    assert_eq!(case(scene("QR_SCENE", json!({"scene_id": 0}))).await, 40053);
    assert_eq!(
        case(scene("QR_LIMIT_SCENE", json!({"scene_id": 100_001}))).await,
        40053
    );
    let late = json!({"expire_seconds": 2_592_001, "action_name": "QR_SCENE",
                      "action_info": {"scene": {"scene_id": 1}}});
    assert_eq!(case(late.to_string()).await, 40097);
    assert_eq!(
        case(scene("QR_LIMIT_SCENE", json!({"scene_id": 1}))).await,
        0
    );
}

/// Reads a QR code from an image with a decoder independent of the encoder.
pub fn scan_image(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let pixel = |x: usize, y: usize| pixels[y * width + x];
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
    let (_, content) = image.detect_grids()[0].decode().unwrap();
    content
}

#[tokio::test]
async fn the_image_contains_the_url() {
    let platform = platform();
    let ticket = platform
        .app
        .call(CreateQrcode::temporary("order-42"))
        .await
        .unwrap();
    let image = platform.app.call(ShowQrcode::of(&ticket)).await.unwrap();
    assert_eq!(scan_image(image.bytes()), ticket.url);
}

#[tokio::test]
async fn a_ticket_is_encoded_exactly_once() {
    let platform = platform();
    let ticket = platform
        .app
        .call(CreateQrcode::temporary("x"))
        .await
        .unwrap();
    assert!(
        ["+", "/", "="]
            .iter()
            .all(|sign| ticket.ticket.contains(sign))
    );
    platform.app.call(ShowQrcode::of(&ticket)).await.unwrap();
    let uri = platform.sent.of("/cgi-bin/showqrcode")[0].uri().clone();
    assert_eq!(uri.host(), Some("mp.weixin.qq.com"));
    let encoded = ticket
        .ticket
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    assert_eq!(
        uri.query(),
        Some(format!("ticket={encoded}").as_str()),
        "and no token"
    );
}

#[tokio::test(start_paused = true)]
async fn an_invalid_ticket_is_reported() {
    let platform = platform();
    let ticket = platform
        .app
        .call(CreateQrcode::temporary("x"))
        .await
        .unwrap();
    platform.sandbox.advance(Duration::from_secs(60));
    let changed = ticket.ticket.replace('+', " ");
    for ticket in [ticket.ticket, changed, "gQ".to_owned()] {
        let error = platform
            .app
            .call(ShowQrcode::new(ticket))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Status(404));
        assert_eq!(error.class(), ErrorClass::Input);
        let hint = "the ticket was not returned by qrcode/create, or was changed";
        assert_eq!(error.hint(), Some(hint));
    }
    assert_eq!(
        platform.sandbox.calls("/cgi-bin/showqrcode"),
        3,
        "none is repeated"
    );
    refused_here(
        &platform.app.call(ShowQrcode::new("")).await.unwrap_err(),
        "ticket",
        &[],
    );
}

#[tokio::test]
async fn an_error_in_place_of_an_image_is_an_error() {
    let platform = platform();
    let mut answer = http::Response::new(r#"{"errcode":-1,"errmsg":"system error"}"#.into());
    let image = http::HeaderValue::from_static("image/jpg");
    answer
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, image);
    for _ in 0..3 {
        platform
            .sandbox
            .answer_next("/cgi-bin/showqrcode", answer.clone());
    }
    refused_there(platform.app.call(ShowQrcode::new("x")).await, -1);
}

async fn on_message(message: Message) -> Reply {
    let ticket = message.field("Ticket").unwrap_or_default().to_owned();
    match message.event() {
        Event::Subscribe(new) => Reply::text(format!("new {:?} {ticket}", new.scene())),
        Event::Scan(scan) => Reply::text(format!("scan {} {ticket}", scan.scene())),
        _ => Reply::none(),
    }
}

#[tokio::test]
async fn a_scan_arrives_with_the_ticket_that_create_returned() {
    let platform = platform();
    let routes = platform.wechat.routes().prefix("/v1/service/wx");
    let routes = routes.on_message(handler_fn(on_message));
    let user = platform.sandbox.user("Ming");
    for (call, scene) in [
        (CreateQrcode::temporary("qrscene_1"), "qrscene_1"),
        (CreateQrcode::permanent(7_u32), "7"),
    ] {
        user.set_follows(false);
        let ticket = platform.app.call(call).await.unwrap().ticket;
        let scan = async || {
            let delivery = platform.sandbox.scan(&user, &ticket, routes.clone()).await;
            delivery.reply().unwrap().text().unwrap().to_owned()
        };
        assert_eq!(scan().await, format!("new Some({scene:?}) {ticket}"));
        assert!(user.follows());
        assert_eq!(scan().await, format!("scan {scene} {ticket}"));
    }
}

#[tokio::test]
async fn an_invalid_code_pushes_nothing() {
    let platform = platform();
    let routes = platform.wechat.routes().prefix("/v1/service/wx");
    let routes = routes.on_message(handler_fn(on_message));
    let user = platform.sandbox.user("Ming");
    let ticket = platform
        .app
        .call(CreateQrcode::temporary("x"))
        .await
        .unwrap()
        .ticket;
    let attempts = async |user: &tower_wechat::sandbox::User| {
        let delivery = platform.sandbox.scan(user, &ticket, routes.clone()).await;
        delivery.attempts.len()
    };
    let other = platform.sandbox.add_app("wxother", Mode::Secure).unwrap();
    assert_eq!(attempts(&user.clone().at(&other)).await, 0, "another app's");
    assert_eq!(attempts(&user).await, 1);
    platform.sandbox.advance(Duration::from_secs(60));
    assert_eq!(attempts(&user).await, 0, "expired");
}

#[tokio::test]
async fn a_permanent_code_created_twice_is_the_same() {
    let platform = platform();
    let first = platform
        .app
        .call(CreateQrcode::permanent("x"))
        .await
        .unwrap();
    let second = platform
        .app
        .call(CreateQrcode::permanent("x"))
        .await
        .unwrap();
    assert_eq!(first, second);
    platform
        .sandbox
        .advance(Duration::from_secs(100 * 24 * 3600));
    platform.app.call(ShowQrcode::of(&first)).await.unwrap();
}

#[tokio::test]
async fn the_control_page_scans_by_ticket() {
    let sandbox = Sandbox::new();
    let wechat = sandbox.wechat();
    let routes = wechat.routes().prefix("/v1/service/wx");
    let routes = routes.on_message(handler_fn(on_message));
    let transport = tower::service_fn(move |request: Request<bytes::Bytes>| {
        let routes = routes.clone();
        async move {
            let response = routes.oneshot(request.map(tower_wechat::Body::from)).await;
            response.map(|response| response.map(tower_wechat::Body::into_bytes))
        }
    });
    let http = sandbox.http().push_through(transport);
    let app = wechat.app(sandbox.appid()).unwrap();
    let ticket = app
        .call(CreateQrcode::temporary("till-1"))
        .await
        .unwrap()
        .ticket;
    let push = async |body: Value| {
        let body = tower_wechat::Body::from(body.to_string());
        let request = Request::post("/control/push").body(body).unwrap();
        let response = http.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = http_body_util::BodyExt::collect(response.into_body()).await;
        (
            status,
            String::from_utf8(body.unwrap().to_bytes().to_vec()).unwrap(),
        )
    };
    let (status, answer) = push(json!({"type": "scan", "ticket": ticket})).await;
    assert_eq!(status, 200, "{answer}");
    assert!(
        answer.contains("till-1") && answer.contains(&ticket),
        "{answer}"
    );
    assert_eq!(push(json!({"type": "scan", "ticket": "gQ"})).await.0, 404);
    assert_eq!(push(json!({"type": "scan"})).await.0, 400);
    assert_eq!(push(json!({"type": "scan", "scene": "x"})).await.0, 200);
}

#[tokio::test]
async fn short_keys_store_data_too_long_for_a_scene() {
    let platform = platform();
    let app = &platform.app;
    let text = "长".repeat(1365);
    let call = shorten::GenerateShortKey::new(&text).expires_in(Duration::from_secs(60));
    let key = app.call(call).await.unwrap().short_key;
    assert_eq!(key.len(), 15);
    let kept = app.call(shorten::FetchShortKey::new(&key)).await.unwrap();
    assert_eq!((kept.long_data, kept.expire_seconds), (text.clone(), 60));
    platform.sandbox.advance(Duration::from_secs(60));
    let error = refused_there(app.call(shorten::FetchShortKey::new(&key)).await, 9_410_012);
    assert_eq!(error.class(), ErrorClass::Input);
    let hint = "the short key is unknown, expired, or belongs to another account";
    assert_eq!(error.hint(), Some(hint));

    let error = app
        .call(shorten::GenerateShortKey::new(text + "xx"))
        .await
        .unwrap_err();
    refused_here(&error, "long_data", &["1 to 4096 bytes", "it has 4097"]);
    let error = app
        .call(shorten::GenerateShortKey::new("x").expires_in(Duration::ZERO))
        .await;
    refused_here(&error.unwrap_err(), "expire_seconds", &["it is 0"]);
    refused_here(
        &app.call(shorten::FetchShortKey::new("")).await.unwrap_err(),
        "short_key",
        &[],
    );
}
