//! Tokens that do not come from the platform directly.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http::{Request, Response};
use tower::service_fn;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::api::oauth::ExchangeCode;
use tower_wechat::client::{CallContext, ReqwestTransport};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::token::{Fetch, Issued, TokenKey, TokenRouteSource, source_fn};
use tower_wechat::{App, AppConfig, ErrCode, Error, ErrorClass, ErrorKind, Wechat};

use crate::over_http::serve;

const KEY: &str = "a key that only our services know";
const STABLE: &str = "/cgi-bin/stable_token";

/// Starts a service that has the secret and returns the URL of its token route.
async fn keeper(sandbox: &Sandbox) -> String {
    let routes = sandbox.wechat().routes().serve_tokens([KEY]).unwrap();
    let router = Router::new().nest_service("/v1/service/wx", routes);
    format!("http://{}/v1/service/wx/token", serve(router).await)
}

/// A service without the secret, which calls the same platform.
fn other(sandbox: &Sandbox, route: &str, key: &str) -> App {
    let transport = ReqwestTransport::new().unwrap();
    let source = TokenRouteSource::new(transport, route, key).unwrap();
    let wechat = Wechat::builder()
        .app(AppConfig::without_secret(Sandbox::APPID))
        .transport(sandbox.clone())
        .token_source(source.name("orders"))
        .build()
        .unwrap();
    wechat.app(Sandbox::APPID).unwrap()
}

#[tokio::test]
async fn a_service_without_the_secret_gets_tokens_from_the_token_route() {
    let sandbox = Sandbox::new();
    let route = keeper(&sandbox).await;
    let app = other(&sandbox, &route, KEY);
    app.call(GetCallbackIp::new()).await.unwrap();
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(sandbox.calls(STABLE), 1);
    assert!(!app.wechat_ticket().await.is_empty());

    // This service reports to the keeper that the platform rejects the token.
    let refused = app.token().await.unwrap();
    sandbox.refuse_tokens();
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_ne!(app.token().await.unwrap().secret(), refused.secret());
    // First a normal fetch, then a forced one.
    assert_eq!(sandbox.calls(STABLE), 3);
}

trait Tickets {
    async fn wechat_ticket(&self) -> String;
}

impl Tickets for App {
    async fn wechat_ticket(&self) -> String {
        let config = self.page_config("https://shop.example/").await.unwrap();
        config.signature
    }
}

#[tokio::test]
async fn an_error_of_the_route_is_returned_unchanged() {
    let sandbox = Sandbox::new();
    let route = keeper(&sandbox).await;
    let wrong = other(&sandbox, &route, "another key of sixteen bytes");
    let error = wrong.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(401), "{error}");
    assert!(error.to_string().contains("access key"), "{error}");
    assert!(!format!("{error:?}").contains("another key"), "{error:?}");

    sandbox.fail_next(STABLE, ErrCode::IP_NOT_WHITELISTED);
    let error = other(&sandbox, &route, KEY)
        .call(GetCallbackIp::new())
        .await
        .unwrap_err();
    assert_eq!(
        error.errcode(),
        Some(ErrCode::IP_NOT_WHITELISTED),
        "{error}"
    );

    // At a token endpoint, 40001 is a wrong secret and not an old token.
    sandbox.fail_next(STABLE, ErrCode::INVALID_CREDENTIAL);
    let error = other(&sandbox, &route, KEY).token().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Config, "{error}");

    for body in ["", "<html>", "{}", r#"{"ret":{"code":0},"body":{}}"#] {
        let answers = service_fn(move |_: Request<Bytes>| async move {
            Ok::<_, std::convert::Infallible>(Response::new(Bytes::from_static(body.as_bytes())))
        });
        let source = TokenRouteSource::new(answers, "https://wx.example/token", KEY).unwrap();
        let error = with_source(&sandbox, source).token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Status(200), "{body}: {error}");
    }
}

fn with_source(sandbox: &Sandbox, source: impl tower_wechat::token::TokenSource) -> App {
    let builder = Wechat::builder().transport(sandbox.clone());
    let app = AppConfig::without_secret(Sandbox::APPID);
    let wechat = builder.app(app).token_source(source).build().unwrap();
    wechat.app(Sandbox::APPID).unwrap()
}

#[tokio::test]
async fn tokens_come_from_a_custom_source() {
    let sandbox = Sandbox::new();
    let keeper = sandbox.wechat();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, tokens) = (asked.clone(), keeper.tokens());
    let source = source_fn(move |key: TokenKey, fetch: Fetch| {
        log.lock().unwrap().push(fetch != Fetch::Current);
        let tokens = tokens.clone();
        async move {
            let token = match &fetch {
                Fetch::Forced { refused } => tokens.renew(&key.appid, refused).await?,
                _ => tokens.get(&key.appid).await?,
            };
            Ok(Issued::new(
                token.secret().clone(),
                Duration::from_secs(7000),
            ))
        }
    });
    let app = with_source(&sandbox, source);
    app.call(GetCallbackIp::new()).await.unwrap();
    sandbox.refuse_tokens();
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), [false, false, true]);
}

#[tokio::test]
async fn without_a_secret_a_source_is_required_and_calls_that_need_the_secret_fail() {
    let config = || AppConfig::without_secret(Sandbox::APPID);
    let error = Wechat::builder().app(config()).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("token_source"), "{error}");

    let sandbox = Sandbox::new();
    let source =
        source_fn(|_, _| async { Ok::<_, Error>(Issued::new("token", Duration::from_secs(7200))) });
    let app = with_source(&sandbox, source);
    let error = app.call(ExchangeCode::new("code")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("has no secret"), "{error}");
}

#[test]
fn an_invalid_or_plain_http_token_route_is_rejected() {
    let answers = || {
        service_fn(|_: Request<Bytes>| async {
            Ok::<_, std::convert::Infallible>(Response::new(Bytes::new()))
        })
    };
    for route in [
        "",
        "/token",
        "http://wx.lan/token",
        "ftp://wx.lan",
        "wx.lan/token",
    ] {
        let error = TokenRouteSource::new(answers(), route, KEY).unwrap_err();
        assert_eq!(error.field(), Some("route"), "{route}");
    }
    let lan = "http://wx.lan/token";
    assert!(TokenRouteSource::over_http(answers(), lan, KEY, ["wx.lan"]).is_ok());
    let error = TokenRouteSource::new(answers(), "https://wx.example", "a\nb").unwrap_err();
    assert_eq!(error.field(), Some("key"));
    let source = TokenRouteSource::new(answers(), "https://wx.example", KEY).unwrap();
    assert!(!format!("{source:?}").contains("only our services"));
}

#[tokio::test]
async fn a_layered_transport_knows_the_call() {
    let sandbox = Sandbox::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let transport = tower::ServiceBuilder::new()
        .map_request(move |request: Request<Bytes>| {
            let call = request.extensions().get::<CallContext>().unwrap();
            let label = (call.appid().to_string(), call.endpoint());
            log.lock().unwrap().push(label);
            request
        })
        .concurrency_limit(2)
        .service(sandbox.clone());
    let config = sandbox.app_configs().remove(0);
    let wechat = Wechat::builder().app(config).transport(transport);
    let app = wechat.build().unwrap().app(Sandbox::APPID).unwrap();
    app.call(GetCallbackIp::new()).await.unwrap();
    let appid = Sandbox::APPID.to_owned();
    assert_eq!(
        *seen.lock().unwrap(),
        [(appid.clone(), STABLE), (appid, "/cgi-bin/getcallbackip")]
    );
}
