//! The outbound client: retries, deadlines, and how responses are classified.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower::{ServiceExt, service_fn};
use tower_wechat::api::network::{GetApiDomainIp, GetCallbackIp};
use tower_wechat::callback::Mode;
use tower_wechat::client::Hosts;
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{
    AppConfig, AppId, Body, BoxFuture, ErrCode, Error, ErrorClass, ErrorKind, Message, Runtime,
    Wechat, WechatBuilder, handler_fn,
};

use crate::support::{Recorded, STABLE, Send, clock, json, send, status};

const APPID: &str = Sandbox::APPID;
const IPS: &str = "/cgi-bin/getcallbackip";
const SEND: &str = "/cgi-bin/message/test/send";

fn builder() -> WechatBuilder {
    Wechat::builder().app(AppConfig::new(APPID, "secret"))
}

#[tokio::test(start_paused = true)]
async fn a_busy_answer_is_retried_when_that_is_safe() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    sandbox.fail_next(IPS, ErrCode::SYSTEM_BUSY);
    sandbox.fail_next(IPS, ErrCode::SYSTEM_BUSY);
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(sandbox.calls(IPS), 3);

    sandbox.fail_next(SEND, ErrCode::SYSTEM_BUSY);
    let error = app.call(send()).await.unwrap_err();
    assert_eq!(
        (error.errcode(), error.class()),
        (Some(ErrCode::SYSTEM_BUSY), ErrorClass::Retry)
    );
    assert!(error.is_transient());
    assert_eq!(sandbox.calls(SEND), 1, "the message may have been sent");
}

#[tokio::test(start_paused = true)]
async fn a_busy_answer_is_retried_twice_at_most() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    for _ in 0..9 {
        sandbox.fail_next(IPS, ErrCode::SYSTEM_BUSY);
    }
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::SYSTEM_BUSY));
    assert_eq!(sandbox.calls(IPS), 3);
}

#[tokio::test(start_paused = true)]
async fn a_send_is_not_retried_after_the_connection_broke() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    sandbox.drop_next(SEND);
    let error = app.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.endpoint(), Some(SEND));
    assert_eq!(sandbox.calls(SEND), 1);

    sandbox.drop_next(IPS);
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(sandbox.calls(IPS), 2);
}

#[tokio::test(start_paused = true)]
async fn every_call_is_retried_when_nothing_was_sent() {
    let sandbox = Sandbox::with_clock(clock());
    let tries = Arc::new(AtomicUsize::new(0));
    let transport = service_fn({
        let (sandbox, tries) = (sandbox.clone(), tries.clone());
        move |request: Request<Bytes>| {
            let first = request.uri().path() == SEND && tries.fetch_add(1, Ordering::Relaxed) == 0;
            let mut sandbox = sandbox.clone();
            async move {
                if first {
                    return Err(Error::transport(ErrorKind::Connect, "refused"));
                }
                let answer = tower::Service::call(&mut sandbox, request).await;
                answer.map_err(|broken| Error::transport(ErrorKind::Transport, broken))
            }
        }
    });
    sandbox.answer_next(SEND, json(r#"{"msgid":7}"#));
    let app = sandbox.app_configs().remove(0);
    let wechat = Wechat::builder()
        .app(app)
        .transport(transport)
        .build()
        .unwrap();
    assert_eq!(
        wechat.app(APPID).unwrap().call(send()).await.unwrap().msgid,
        7
    );
    assert_eq!(tries.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_has_one_deadline() {
    let transport = service_fn(|_| pending::<Result<Response<Bytes>, Infallible>>());
    let builder = builder()
        .transport(transport)
        .timeout(Duration::from_secs(2));
    let app = builder.build().unwrap().app(APPID).unwrap();
    let start = tokio::time::Instant::now();
    let error = app.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // Three exchanges for the token, and the pauses between them.
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_gateway_error_is_not_parsed_as_the_platforms_answer() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    let gateway = [
        (status(200, "<html><body>busy</body></html>"), true),
        (status(200, ""), true),
        (status(200, " \n"), true),
        (status(502, r#"{"errcode":0}"#), true),
        (status(302, ""), false),
        (status(404, "not found"), false),
    ];
    for (answer, transient) in gateway {
        let expected = answer.status().as_u16();
        sandbox.answer_next(SEND, answer);
        let error = app.call(send()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Status(expected));
        assert_eq!(error.is_transient(), transient, "{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_oversized_answer_is_rejected() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    sandbox.answer_next(SEND, json(format!("{{\"x\":\"{}\"}}", "x".repeat(4 << 20))));
    assert_eq!(
        app.call(send()).await.unwrap_err().kind(),
        ErrorKind::Answer
    );
}

#[tokio::test(start_paused = true)]
async fn a_truncated_body_is_an_error() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    sandbox.answer_next(SEND, json(r#"{"errcode":0,"errm"#));
    let error = app.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Answer);
    assert!(error.to_string().contains("ends too early"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_platform_error_has_code_class_rid_and_advice() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    sandbox.fail_next(IPS, ErrCode::IP_NOT_WHITELISTED);
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Config);
    assert_eq!(error.egress_ip(), Some([203, 0, 113, 7].into()));
    assert_eq!(error.rid().unwrap().len(), 26);
    let hint = "add this machine's address to the app's IP whitelist (IP 白名单) in the \
                微信开发者平台; for a 公众号 the whitelist covers every call, including those of \
                services that get their token from another service";
    assert_eq!(error.hint(), Some(hint));

    sandbox.fail_next(IPS, ErrCode::DAILY_QUOTA_REACHED);
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Quota);
    let hint = "the daily quota is used up: it resets at midnight, China time, or by \
                clear_quota, ten times a month";
    assert_eq!(error.hint(), Some(hint));
    assert_eq!(error.egress_ip(), None);
}

#[tokio::test(start_paused = true)]
async fn an_errcode_may_be_a_string() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    app.token().await.unwrap();
    sandbox.answer_next(
        SEND,
        json(r#"{"errcode":"42001","errmsg":"access_token expired"}"#),
    );
    sandbox.answer_next(SEND, json(r#"{"errcode":"0","errmsg":"ok","msgid":9}"#));
    assert_eq!(app.call(send()).await.unwrap().msgid, 9);
}

#[tokio::test(start_paused = true)]
async fn calls_go_to_the_configured_host_and_below_its_path() {
    let sandbox = Sandbox::with_clock(clock());
    let to = |hosts| {
        let recorded = Recorded::new(&sandbox);
        let builder = Wechat::builder()
            .app(sandbox.app_configs().remove(0))
            .hosts(hosts);
        (
            builder.transport(recorded.clone()).build().unwrap(),
            recorded,
        )
    };
    let (wechat, recorded) = to(Hosts::default());
    wechat
        .app(APPID)
        .unwrap()
        .call(GetApiDomainIp::new())
        .await
        .unwrap();
    for path in ["/cgi-bin/get_api_domain_ip", STABLE] {
        let uri = recorded.of(path)[0].uri().clone();
        assert_eq!(
            (uri.scheme_str(), uri.host()),
            (Some("https"), Some("api.weixin.qq.com"))
        );
    }

    let (wechat, recorded) = to(Hosts::default().api("http://localhost:1/sandbox/").unwrap());
    // The sandbox serves no call below a path.
    let error = wechat.app(APPID).unwrap().token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(404));
    assert_eq!(recorded.of("/sandbox/cgi-bin/stable_token").len(), 1);
}

#[test]
fn a_configuration_error_says_what_is_wrong() {
    let said = |builder: WechatBuilder| builder.build().unwrap_err().to_string();
    let of = |appid, secret| Wechat::builder().app(AppConfig::new(appid, secret));
    for (builder, expected) in [
        (
            Wechat::builder(),
            "no app is configured: add one with `app`, or call `without_apps` and add them later",
        ),
        (
            builder().app(AppConfig::new(APPID, "x")),
            "app wx3cc8fd6963e31a32 is configured twice",
        ),
        (
            of("wx 1", "x"),
            "appid must be 1 to 64 letters, digits, '-' or '_' (it has 4 bytes): copy it from the \
             微信开发者平台, it looks like wx3cc8fd6963e31a32",
        ),
        (of("wx1", ""), "secret of app wx1 must not be empty"),
    ] {
        assert_eq!(said(builder), expected);
    }
    assert_eq!(
        Hosts::default().mp("ftp://x").unwrap_err().to_string(),
        "the platform's mp address must begin with https://; http:// is for loopback addresses"
    );
}

#[tokio::test]
async fn an_unknown_app_error_has_the_id_up_to_a_limit() {
    let sandbox = Sandbox::new();
    let error = sandbox.wechat().app("wx\n".repeat(9_999)).unwrap_err();
    assert_eq!(
        (error.kind(), error.class()),
        (ErrorKind::UnknownApp, ErrorClass::Config)
    );
    let named = "wx\\n".repeat(21) + "w";
    assert_eq!(
        error.to_string(),
        format!("app \"{named}\" is not configured: add it, with its secret, or correct the id")
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_beyond_a_limit_is_not_sent() {
    use tower_wechat::api::oauth;
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    for code in [String::new(), "x".repeat(1025)] {
        let error = app.call(oauth::ExchangeCode::new(code)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Input, Some("code"))
        );
    }
    assert_eq!(sandbox.calls("/sns/oauth2/access_token"), 0);
}

/// A runtime other than tokio: each task runs on a thread, and each short sleep ends at once.
struct Threads;

impl Runtime for Threads {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(task);
        });
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // Long sleeps are deadlines. This runtime never lets them expire.
        if duration > Duration::from_secs(1) {
            Box::pin(pending())
        } else {
            Box::pin(ready(()))
        }
    }
}

#[test]
fn a_runtime_other_than_tokio_works() {
    let sandbox = Sandbox::with_clock(clock());
    let builder = Wechat::builder()
        .transport(sandbox.clone())
        .runtime(Threads);
    let wechat = builder
        .app(sandbox.app_configs().remove(0))
        .build()
        .unwrap();
    let app = wechat.app(APPID).unwrap();
    // The tokio runtime has no timer or I/O driver, so the test panics if the crate uses them.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    sandbox.fail_next(IPS, ErrCode::SYSTEM_BUSY);
    runtime.block_on(app.call(GetCallbackIp::new())).unwrap();
    assert_eq!(sandbox.calls(IPS), 2);
}

#[test]
fn the_public_types_are_clone_send_and_sync() {
    fn shared<T: Clone + std::marker::Send + Sync + 'static>() {}
    shared::<Wechat>();
    shared::<tower_wechat::App>();
    shared::<tower_wechat::Tokens>();
    shared::<tower_wechat::Token>();
    shared::<tower_wechat::Error>();
    shared::<tower_wechat::AppConfig>();
    shared::<AppId>();
    shared::<tower_wechat::routes::UserInfoService>();
    shared::<tower_wechat::routes::Routes<tower_wechat::routes::NoHandler>>();
    shared::<Sandbox>();
}

#[tokio::test]
async fn each_mode_configures_an_app() {
    let sandbox = Sandbox::new();
    for (appid, mode) in [
        ("wxp", Mode::Plaintext),
        ("wxc", Mode::Compatible),
        ("wxs", Mode::Secure),
    ] {
        sandbox.add_app(appid, mode).unwrap();
    }
    let wechat = sandbox.wechat();
    let appids: Vec<_> = wechat.appids().map(|appid| appid.to_string()).collect();
    assert_eq!(appids, [APPID, "wxc", "wxp", "wxs"]);
    let handler = handler_fn(|_: Message| async { "hello" });
    let routes = wechat.routes().on_message(handler);
    let routes = routes.prefix("/v1/service/wx");
    // A push in compatible mode has a plain copy of its fields beside the ciphertext.
    for (appid, clear, sealed) in [
        ("wxp", true, false),
        ("wxc", true, true),
        ("wxs", false, true),
    ] {
        let sent = Arc::new(Mutex::new(String::new()));
        let seen = sent.clone();
        let routes = routes.clone().map_request(move |request: Request<Body>| {
            let (head, body) = request.into_parts();
            let body = String::from_utf8(body.into_bytes().into()).unwrap();
            seen.lock().unwrap().clone_from(&body);
            Request::from_parts(head, Body::from(body))
        });
        let user = sandbox.user("Hui").at(&AppId::new(appid).unwrap());
        let delivery = sandbox.push(Push::text(&user, "hi"), routes).await;
        let reply = delivery.reply().unwrap();
        assert_eq!(
            (reply.text(), reply.is_encrypted()),
            (Some("hello"), sealed),
            "{appid}"
        );
        let sent = sent.lock().unwrap();
        assert_eq!(
            (sent.contains("<Content>"), sent.contains("<Encrypt>")),
            (clear, sealed),
            "{sent}"
        );
    }
    let _ = Send {
        touser: String::new(),
    };
}
