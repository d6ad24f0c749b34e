//! Mini-program codes: content, limits, and how responses are classified.

use serde_json::{Value, json};
use tower_wechat::api::ImageFormat;
use tower_wechat::api::miniprogram::EnvVersion;
use tower_wechat::api::miniprogram::code::{
    CreateQrcode, GetQrcode, GetUnlimitedQrcode, LineColor, Style,
};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{ErrCode, ErrorClass, ErrorKind, Wechat};

use super::{input, sandbox, scanned, typed};
use crate::support::{Recorded, STABLE, status};

const UNLIMITED: &str = "/wxa/getwxacodeunlimit";

#[tokio::test(start_paused = true)]
async fn a_code_can_be_scanned_and_contains_page_and_scene() {
    let (sandbox, app) = sandbox();
    sandbox.publish_page(app.appid(), "pages/order/detail");
    let scenes = ["1", "order=42&x=/y", "abcdefghijklmnopqrstuvwxyz012345"];
    for scene in scenes {
        let call = GetUnlimitedQrcode::new(scene).page("pages/order/detail");
        let image = app.call(call).await.unwrap();
        assert_eq!(image.format(), ImageFormat::Png);
        let text = scanned(image.bytes());
        let address = format!("wxa://{}/pages/order/detail?scene=", Sandbox::APPID);
        let encoded = text.strip_prefix(&address).expect(&text);
        let decoded: Vec<_> = form_urlencoded::parse(encoded.as_bytes()).collect();
        assert_eq!(decoded[0].0, scene, "{text}");
    }
    let image = app.call(GetQrcode::new("pages/a/b?x=1")).await.unwrap();
    assert_eq!(
        scanned(image.bytes()),
        format!("wxa://{}/pages/a/b?x=1", Sandbox::APPID)
    );
    let image = app.call(CreateQrcode::new("pages/a/b?y=2")).await.unwrap();
    assert!(scanned(image.bytes()).ends_with("pages/a/b?y=2"));
}

#[tokio::test(start_paused = true)]
async fn only_the_fields_that_were_set_are_sent() {
    let (sandbox, _) = sandbox();
    let recorded = Recorded::new(&sandbox);
    let wechat = Wechat::builder()
        .app(sandbox.app_configs().remove(0))
        .transport(recorded.clone())
        .build()
        .unwrap();
    let app = wechat.app(Sandbox::APPID).unwrap();
    app.call(GetUnlimitedQrcode::new("a")).await.unwrap();
    let style = Style::new()
        .width(280)
        .line_color(LineColor::new(1, 2, 255));
    let call = GetUnlimitedQrcode::new("b")
        .page("pages/x")
        .check_path(false);
    let call = call.env_version(EnvVersion::Trial);
    app.call(call.style(style.auto_color().transparent()))
        .await
        .unwrap();
    let bodies: Vec<Value> = recorded
        .of(UNLIMITED)
        .iter()
        .map(|request| serde_json::from_slice(request.body()).unwrap())
        .collect();
    assert_eq!(
        bodies,
        [
            json!({"scene": "a"}),
            json!({
                "scene": "b", "page": "pages/x", "check_path": false, "env_version": "trial",
                "width": 280, "auto_color": true, "line_color": {"r": 1, "g": 2, "b": 255},
                "is_hyaline": true,
            }),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_beyond_a_limit_is_not_sent() {
    let (sandbox, app) = sandbox();
    let at_limit = ["a".repeat(32), "!#$&'()*+,/:;=?@-._~".to_owned()];
    for scene in at_limit {
        app.call(GetUnlimitedQrcode::new(scene)).await.unwrap();
    }
    let sent = sandbox.calls(UNLIMITED);

    let long = "s".repeat(33);
    let only = |found: &str| {
        format!("scene must be letters, digits and !#$&'()*+,/:;=?@-._~ (it has {found})")
    };
    let scenes = [
        ("", "scene must be 1 to 32 characters (it has 0)"),
        (&*long, "scene must be 1 to 32 characters (it has 33)"),
        ("a%20b", &only("'%'")),
        ("a b", &only("' '")),
        ("桌7", &only("'\\u{684c}'")),
        (
            "a
",
            &only("'\\n'"),
        ),
        (
            "scancode_time=1",
            "scene must not contain scancode_time, which the platform adds itself",
        ),
    ];
    for (scene, said) in scenes {
        let error = app.call(GetUnlimitedQrcode::new(scene)).await.unwrap_err();
        let (field, text) = input(&error);
        assert_eq!(field, "scene");
        assert!(text.contains(&format!(": {said}")), "{text}");
    }
    let deep = "p".repeat(1025);
    for page in ["/pages/index/index", "pages/index/index?a=1", &deep] {
        let call = GetUnlimitedQrcode::new("a").page(page);
        assert_eq!(input(&app.call(call).await.unwrap_err()).0, "page");
    }
    for width in [0, 279, 1281] {
        let style = Style::new().width(width);
        let call = GetUnlimitedQrcode::new("a").style(style.clone());
        let (field, text) = input(&app.call(call).await.unwrap_err());
        assert!(
            field == "width" && text.contains(&width.to_string()),
            "{text}"
        );
        let call = GetQrcode::new("a").style(style);
        assert_eq!(input(&app.call(call).await.unwrap_err()).0, "width");
        let call = CreateQrcode::new("a").width(width);
        assert_eq!(input(&app.call(call).await.unwrap_err()).0, "width");
    }
    for path in [
        String::new(),
        "p".repeat(1025),
        "a?scancode_time=1".to_owned(),
    ] {
        let error = app.call(GetQrcode::new(path)).await.unwrap_err();
        assert_eq!(input(&error).0, "path");
    }
    let error = app.call(CreateQrcode::new("p".repeat(129))).await;
    let (field, text) = input(&error.unwrap_err());
    assert_eq!(
        (field, &*text),
        (
            "path",
            "/cgi-bin/wxaapp/createwxaqrcode: path must be at most 128 bytes (it has 129): shorten \
             it"
        )
    );
    app.call(CreateQrcode::new("p".repeat(128))).await.unwrap();
    app.call(GetQrcode::new("p".repeat(1024))).await.unwrap();
    assert_eq!(sandbox.calls(UNLIMITED), sent);
}

#[tokio::test(start_paused = true)]
async fn a_page_must_be_released_if_it_is_checked() {
    let (sandbox, app) = sandbox();
    let call = GetUnlimitedQrcode::new("a").page("pages/new");
    let error = app.call(call.clone()).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_PAGE));
    assert_eq!(error.class(), ErrorClass::Input);
    let hint = "the page is not in the released version: publish it, or set check_path to false";
    assert_eq!(error.hint(), Some(hint));
    assert_eq!(error.rid().unwrap().len(), 26);
    app.call(call.clone().check_path(false)).await.unwrap();
    sandbox.publish_page(app.appid(), "pages/new");
    app.call(call).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_code_quota_error_suggests_unlimited_codes() {
    let (sandbox, app) = sandbox();
    sandbox.fail_next("/wxa/getwxacode", ErrCode::CODES_USED_UP);
    let error = app.call(GetQrcode::new("pages/a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Quota);
    let hint = "the app has made all its 100,000 codes with a path: use getwxacodeunlimit";
    assert_eq!(error.hint(), Some(hint));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_replaced_despite_an_image_content_type() {
    for code in [40001, 40014, 42001] {
        let (sandbox, app) = sandbox();
        app.token().await.unwrap();
        let body = format!(r#"{{"errcode":{code},"errmsg":"invalid credential rid: 1-2-3"}}"#);
        sandbox.answer_next(UNLIMITED, typed("image/jpeg", body));
        let before = sandbox.calls(STABLE);
        let image = app.call(GetUnlimitedQrcode::new("a")).await.unwrap();
        assert_eq!(image.format(), ImageFormat::Png);
        assert_eq!(sandbox.calls(UNLIMITED), 2);
        assert!(sandbox.calls(STABLE) > before);
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_replaced() {
    let (sandbox, app) = sandbox();
    app.call(GetUnlimitedQrcode::new("a")).await.unwrap();
    sandbox.expire_tokens();
    app.call(GetUnlimitedQrcode::new("b")).await.unwrap();
    assert_eq!(sandbox.calls(UNLIMITED), 3);
}

#[tokio::test(start_paused = true)]
async fn the_bytes_distinguish_an_image_from_an_error() {
    let (sandbox, app) = sandbox();
    let jpeg = &b"\xff\xd8\xff\xe0\0\x10JFIF"[..];
    for content_type in [
        "application/json; encoding=utf-8",
        "text/plain",
        "image/png",
    ] {
        sandbox.answer_next(UNLIMITED, typed(content_type, jpeg));
        let image = app.call(GetUnlimitedQrcode::new("a")).await.unwrap();
        assert_eq!(image.format(), ImageFormat::Jpeg, "{content_type}");
        assert!(image.data_url().starts_with("data:image/jpeg;base64,/9j/"));
    }
    for content_type in [
        "image/jpeg",
        "image/png",
        "text/plain",
        "application/json:UTF-8",
    ] {
        let refusal =
            r#"{"errcode":"45009","errmsg":"reach max api daily quota limit rid: 1-2-3"}"#;
        sandbox.answer_next(UNLIMITED, typed(content_type, refusal));
        let error = app.call(GetUnlimitedQrcode::new("a")).await.unwrap_err();
        assert_eq!(error.errcode(), Some(ErrCode::DAILY_QUOTA_REACHED));
        assert_eq!(
            (error.class(), error.rid()),
            (ErrorClass::Quota, Some("1-2-3"))
        );
    }
    let neither = [
        &b"GIF89a"[..],
        b"{}",
        br#"{"errcode":0,"errmsg":"ok"}"#,
        b"\xff\xd8",
        b"null",
    ];
    for body in neither {
        sandbox.answer_next(UNLIMITED, typed("image/jpeg", body));
        let error = app.call(GetUnlimitedQrcode::new("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer, "{body:?}");
    }
    for _ in 0..3 {
        sandbox.answer_next(UNLIMITED, status(200, "<html>busy</html>"));
    }
    let error = app.call(GetUnlimitedQrcode::new("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(200));
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_rejects_what_the_platform_rejects() {
    use http::Request;
    use tower::ServiceExt;

    let (sandbox, app) = sandbox();
    let token = app.token().await.unwrap();
    let refused = async |path: &str, body: Value| {
        let uri = format!("{path}?access_token={}", token.secret().expose());
        let request = Request::post(uri).body(body.to_string().into()).unwrap();
        let response = sandbox.clone().oneshot(request).await.unwrap();
        let answer: Value = serde_json::from_slice(response.body()).expect("a refusal");
        answer["errcode"].as_i64().unwrap()
    };
    let cases = [
        (json!({}), 40169),
        (json!({"scene": ""}), 40169),
        (json!({"scene": "x".repeat(33)}), 40169),
        (json!({"scene": "a%20"}), 40129),
        (json!({"scene": "scancode_time"}), 85096),
        (json!({"scene": "a", "page": "/pages/index/index"}), 41030),
        (json!({"scene": "a", "page": "pages/nowhere"}), 41030),
        (json!({"scene": "a", "width": 20}), 40097),
        (json!({"scene": "a", "env_version": "beta"}), 40097),
        (json!("scene"), 47001),
    ];
    for (body, code) in cases {
        assert_eq!(refused(UNLIMITED, body.clone()).await, code, "{body}");
    }
    assert_eq!(refused("/wxa/getwxacode", json!({})).await, 40159);
    let long = json!({"path": "p".repeat(129)});
    assert_eq!(
        refused("/cgi-bin/wxaapp/createwxaqrcode", long).await,
        40159
    );
}
