//! The full stack over sockets: reqwest as the client, axum or hyper as the server.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::any;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::callback::Mode;
use tower_wechat::client::{Hosts, ReqwestTransport};
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{
    App, AppConfig, AppId, CallbackKeys, ErrCode, ErrorKind, Event, Message, Reply, Wechat,
    handler_fn,
};

use crate::support::send;

const APPID: &str = Sandbox::APPID;
const IPS: &str = "/cgi-bin/getcallbackip";

/// Serves a router on a free port.
pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn wechat(sandbox: &Sandbox, base: &str) -> Wechat {
    let hosts = Hosts::default().api(base).unwrap().open(base).unwrap();
    let builder = Wechat::builder()
        .hosts(hosts)
        .timeout(Duration::from_secs(2));
    builder
        .app(sandbox.app_configs().remove(0))
        .build()
        .unwrap()
}

/// Returns a sandbox behind a socket and an app that calls it over that socket.
async fn platform() -> (Sandbox, App, String) {
    let sandbox = Sandbox::new();
    let address = serve(Router::new().nest_service("/sandbox", sandbox.http())).await;
    let base = format!("http://{address}/sandbox");
    let app = wechat(&sandbox, &base).app(APPID).unwrap();
    (sandbox, app, base)
}

async fn exchange(request: Request<Bytes>) -> (StatusCode, http::HeaderMap, Bytes) {
    let response = ReqwestTransport::new()
        .unwrap()
        .oneshot(request)
        .await
        .unwrap();
    let (head, body) = response.into_parts();
    (head.status, head.headers, body)
}

async fn post(url: String, body: Value) -> (StatusCode, Value) {
    let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
    let request = request.body(body.to_string().into()).unwrap();
    let (status, _, body) = exchange(request).await;
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn calls_and_rejected_tokens_work_over_a_socket() {
    let (sandbox, app, _) = platform().await;
    app.call(GetCallbackIp::new()).await.unwrap();
    sandbox.expire_tokens();
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(
        (sandbox.calls(IPS), sandbox.calls("/cgi-bin/stable_token")),
        (3, 2)
    );
}

#[tokio::test]
async fn a_dropped_connection_is_a_transport_error() {
    let (sandbox, app, _) = platform().await;
    app.token().await.unwrap();
    sandbox.drop_next("/cgi-bin/message/test/send");
    let error = app.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(sandbox.calls("/cgi-bin/message/test/send"), 1);
    // A read is retried on another connection.
    sandbox.drop_next(IPS);
    app.call(GetCallbackIp::new()).await.unwrap();
}

#[tokio::test]
async fn a_slow_answer_times_out() {
    let (sandbox, app, _) = platform().await;
    app.token().await.unwrap();
    sandbox.answer_next("/cgi-bin/message/test/send", crate::support::json("{}"));
    app.call(send()).await.unwrap();
    sandbox.delay_next("/cgi-bin/message/test/send", Duration::from_secs(60));
    assert_eq!(
        app.call(send()).await.unwrap_err().kind(),
        ErrorKind::Timeout
    );
}

#[tokio::test]
async fn transport_errors_contain_no_url() {
    let sandbox = Sandbox::new();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let app = wechat(&sandbox, &base).app(APPID).unwrap();
    let trade = tower_wechat::api::oauth::ExchangeCode::new("thecode");
    let error = app.call(trade).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text.push_str(&format!("{error} {error:?}"));
        source = error.source();
    }
    assert!(
        !text.contains("thecode") && !text.contains("secret="),
        "{text}"
    );
    assert!(
        sandbox
            .secrets()
            .iter()
            .all(|secret| !text.contains(secret.expose()))
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = serve(Router::new().fallback(any(async || "{}"))).await;
    let target = format!("http://{elsewhere}/stolen");
    let gateway = any(async move || (StatusCode::FOUND, [(header::LOCATION, target)]));
    let address = serve(Router::new().fallback(gateway)).await;
    let app = wechat(&Sandbox::new(), &format!("http://{address}"))
        .app(APPID)
        .unwrap();
    let error = app.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(302));
}

#[tokio::test]
async fn an_endless_answer_is_aborted() {
    let endless = any(async || "x".repeat(5 << 20));
    let address = serve(Router::new().fallback(endless)).await;
    let app = wechat(&Sandbox::new(), &format!("http://{address}"))
        .app(APPID)
        .unwrap();
    assert_eq!(app.token().await.unwrap_err().kind(), ErrorKind::Answer);
}

async fn on_message(message: Message) -> Reply {
    match message.event() {
        Event::Text(text) => Reply::text(format!("you wrote: {}", text.content())),
        _ => Reply::none(),
    }
}

#[tokio::test]
async fn the_whole_sign_in_and_a_push_over_sockets() {
    let sandbox = Sandbox::new();
    let platform = sandbox
        .http()
        .push_through(ReqwestTransport::new().unwrap());
    let routes = sandbox.wechat().routes().unprotected();
    let routes = routes.on_message(handler_fn(on_message));
    let router = Router::new()
        .nest_service("/v1/service/wx", routes)
        .nest_service("/sandbox", platform);
    let address = serve(router).await;
    let (wx, platform) = (
        format!("http://{address}/v1/service/wx"),
        format!("http://{address}/sandbox"),
    );

    let page = format!(
        "{platform}/connect/oauth2/authorize?appid={APPID}&redirect_uri=\
         http%3A%2F%2Fblog.xyecho.com&response_type=code&scope=snsapi_userinfo&state=1024"
    );
    let (status, headers, _) = exchange(Request::get(page).body(Bytes::new()).unwrap()).await;
    assert_eq!(status, StatusCode::FOUND);
    let location = headers[header::LOCATION].to_str().unwrap();
    let code = location
        .strip_prefix("http://blog.xyecho.com/?code=")
        .unwrap();
    let code = code.strip_suffix("&state=1024").unwrap();
    let request = json!({"source": "test", "appid": APPID, "code": code});
    let (status, envelope) = post(format!("{wx}/getwxuserinfo"), request).await;
    assert_eq!(
        (status, &envelope["body"]["nickname"]),
        (StatusCode::OK, &json!("Hui🐠"))
    );

    sandbox.set_callback_url(&sandbox.appid(), format!("{wx}/wxmsg"));
    let push = json!({"type": "text", "content": "你好 <b>&]]>"});
    let (status, report) = post(format!("{platform}/control/push"), push).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        report,
        json!({"answered": true, "attempts": [
            {"type": "text", "text": "you wrote: 你好 <b>&]]>", "encrypted": true}
        ]})
    );
}

#[tokio::test]
async fn another_process_can_act_as_the_app() {
    let (sandbox, _, base) = platform().await;
    let other = "wx0000000000000002";
    sandbox.add_app(other, Mode::Secure).unwrap();
    for appid in [APPID, other] {
        let command = json!({"appid": appid});
        let (status, told) = post(format!("{base}/control/app"), command).await;
        assert_eq!((status, &told["appid"]), (StatusCode::OK, &json!(appid)));
        let of = |name: &str| told[name].as_str().unwrap();
        let keys = CallbackKeys::secure(of("token"), of("encoding_aes_key"));
        let config = AppConfig::new(appid, of("secret")).callback(keys.unwrap());
        let hosts = Hosts::default().api(&base).unwrap();
        let wechat = Wechat::builder().hosts(hosts).app(config).build().unwrap();
        wechat
            .app(appid)
            .unwrap()
            .call(GetCallbackIp::new())
            .await
            .unwrap();
        let routes = wechat
            .routes()
            .on_message(handler_fn(async |_: Message| "hi"));
        let user = sandbox.user("Hui🐠").at(&AppId::new(appid).unwrap());
        let routes = routes.prefix("/v1/service/wx");
        let delivery = sandbox.push(Push::text(&user, "hello"), routes).await;
        assert_eq!(delivery.reply().unwrap().text(), Some("hi"));
    }
    let command = json!({"appid": "wx0000000000000003"});
    let (status, _) = post(format!("{base}/control/app"), command).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_sandbox_accepts_commands() {
    let (sandbox, app, base) = platform().await;
    let command =
        async |name: &str, body: Value| post(format!("{base}/control/{name}"), body).await;
    let (status, user) = command("user", json!({"nickname": "Ming"})).await;
    assert_eq!(
        (status, &user["openid"]),
        (StatusCode::OK, &json!(sandbox.user("Ming").openid()))
    );

    app.token().await.unwrap();
    let fail = json!({"path": IPS, "errcode": 48001});
    assert_eq!(command("fail", fail).await.0, StatusCode::OK);
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::API_UNAUTHORIZED));

    assert_eq!(command("expire", json!({})).await.0, StatusCode::OK);
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(sandbox.calls("/cgi-bin/stable_token"), 2);

    assert_eq!(command("nosuch", json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        command("fail", json!({"path": 1})).await.0,
        StatusCode::BAD_REQUEST
    );
    let push = json!({"type": "text", "content": "x"});
    assert_eq!(command("push", push).await.0, StatusCode::NOT_IMPLEMENTED);
}
