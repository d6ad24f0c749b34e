//! Access control of the JSON routes.

use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower_wechat::Body;
use tower_wechat::routes::{
    PhoneService, QrcodeService, TemplateMessageService, TokenRoute, UnlimitedQrcodeService,
    UserInfoService,
};
use tower_wechat::sandbox::Sandbox;

use crate::support::{Log, answer, clock, post};

const KEY: &str = "a key of sixteen bytes or more";
const ROUTES: [&str; 5] = [
    "/getwxuserinfo",
    "/getwxqrcode",
    "/getunlimitedqrcode",
    "/getuserphone",
    "/sendwxtemplatemsg",
];

fn with_key(route: &str, key: &str) -> Request<Body> {
    let mut request = post(route, "{}");
    let key = format!("Bearer {key}").parse().unwrap();
    request.headers_mut().insert(header::AUTHORIZATION, key);
    request
}

fn is_closed(status: StatusCode, envelope: &Value) {
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{envelope}");
    assert_eq!(envelope["ret"]["code"], 3_584_001);
    let msg = envelope["ret"]["msg"].as_str().unwrap();
    assert_eq!(
        msg,
        "access to this route is not configured: call access_keys([key]) or unprotected() \
         where the route is mounted"
    );
}

#[tokio::test]
async fn routes_are_closed_without_access_rules_and_this_is_logged_once() {
    let log = Log::default();
    let _capture = log.capture(tracing::Level::INFO);
    let sandbox = Sandbox::with_clock(clock());
    let routes = sandbox.wechat().routes();
    for route in ROUTES {
        let (status, envelope) = answer(routes.clone(), post(route, "{}")).await;
        is_closed(status, &envelope);
        let (status, envelope) = answer(routes.clone(), with_key(route, KEY)).await;
        is_closed(status, &envelope);
    }
    assert_eq!(log.lines_with("ERROR"), 1, "{}", log.text());
    assert_eq!(log.lines_with("refuses all requests"), 1, "{}", log.text());
    for route in ROUTES {
        let open = routes.clone().unprotected();
        let (status, _) = answer(open, post(route, "{}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{route}");
        let keyed = routes.clone().access_keys([KEY]);
        let (status, _) = answer(keyed.clone(), post(route, "{}")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{route}");
        let (status, _) = answer(keyed, with_key(route, KEY)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{route}");
    }
}

#[tokio::test]
async fn each_service_alone_is_closed_without_access_rules() {
    let wechat = Sandbox::with_clock(clock()).wechat();
    macro_rules! check {
        ($($service:ident)*) => {$(
            let service = $service::new(wechat.clone());
            let (status, envelope) = answer(service.clone(), post("/x", "{}")).await;
            is_closed(status, &envelope);
            let (status, _) = answer(service.unprotected(), post("/x", "{}")).await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
        )*};
    }
    check!(UserInfoService QrcodeService UnlimitedQrcodeService PhoneService TemplateMessageService);
}

#[tokio::test]
async fn the_last_setting_applies_and_an_empty_list_admits_no_caller() {
    let routes = Sandbox::with_clock(clock()).wechat().routes();
    let keyed = routes.clone().unprotected().access_keys([KEY]);
    let (status, _) = answer(keyed.clone(), post(ROUTES[0], "{}")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = answer(keyed.unprotected(), post(ROUTES[0], "{}")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let nobody = routes.unprotected().access_keys([""; 0]);
    for request in [post(ROUTES[0], "{}"), with_key(ROUTES[0], "")] {
        let (status, _) = answer(nobody.clone(), request).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn the_token_route_needs_a_key_even_when_the_others_are_open() {
    let wechat = Sandbox::with_clock(clock()).wechat();
    let body = json!({"source": "t", "appid": Sandbox::APPID}).to_string();
    let asked = |key: &str| {
        let request = with_key("/token", key);
        request.map(|_| Body::from(body.clone()))
    };
    let served = wechat.routes().serve_tokens([KEY]).unwrap();
    for routes in [
        served.clone(),
        served.clone().unprotected(),
        served.clone().access_keys(["short"]),
        wechat.routes().unprotected().serve_tokens([KEY]).unwrap(),
    ] {
        let (status, _) = answer(routes.clone(), post("/token", body.clone())).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let (status, _) = answer(routes.clone(), asked("short")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer(routes, asked(KEY)).await.0, StatusCode::OK);
    }
    let alone = TokenRoute::new(wechat, [KEY]).unwrap().failures_as_200();
    let (status, envelope) = answer(alone.clone(), asked("short")).await;
    assert_eq!(
        (status.as_u16(), &envelope["ret"]["code"]),
        (200, &json!(3_584_001))
    );
    assert!(!format!("{alone:?}").contains(KEY));
}

#[tokio::test]
async fn the_content_type_may_have_a_non_ascii_parameter() {
    let routes = Sandbox::with_clock(clock()).wechat().routes().unprotected();
    let with_type = |value: &[u8]| {
        let mut request = post(ROUTES[0], "{}");
        let value = http::HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, value);
        request
    };
    let (status, _) = answer(
        routes.clone(),
        with_type("application/json; name=张三".as_bytes()),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for other in ["application/jsön", "\u{2000}application/json"] {
        let (status, _) = answer(routes.clone(), with_type(other.as_bytes())).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{other}");
    }
}
