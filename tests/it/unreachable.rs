//! The reason for an unreachable platform appears in the error, in `ret.msg` and in the log.

use std::sync::Arc;

use http::{Request, StatusCode};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tower::ServiceExt;
use tower_wechat::api::network::GetApiDomainIp;
use tower_wechat::client::Hosts;
use tower_wechat::{AppConfig, Body, Error, ErrorClass, ErrorKind, Wechat};

use crate::log::Log;

const APPID: &str = "wx3cc8fd6963e31a32";
const SECRET: &str = "5ecret0f7heapp00000000000000abcd";

fn wechat(base: &str) -> Wechat {
    Wechat::builder()
        .app(AppConfig::new(APPID, SECRET))
        .hosts(Hosts::default().api(base).unwrap())
        .build()
        .unwrap()
}

/// Calls the platform at `base`, directly and through a route, and asserts that both report the
/// same.
async fn told(base: &str) -> Error {
    let wechat = wechat(base);
    let error = wechat
        .app(APPID)
        .unwrap()
        .call(GetApiDomainIp::new())
        .await
        .unwrap_err();
    let body = format!(r#"{{"source":"test","appid":"{APPID}","scene":"a"}}"#);
    let request = Request::post("/getwxqrcode")
        .header("content-type", "application/json")
        .body(Body::from(body));
    let routes = wechat.routes().unprotected().prefix("");
    let response = routes.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    let answer: Value = serde_json::from_slice(&response.into_body().into_bytes()).unwrap();
    assert_eq!(answer["ret"]["msg"], error.to_string());
    for shown in [error.to_string(), format!("{error:?}"), answer.to_string()] {
        assert!(
            !shown.contains(SECRET) && !shown.contains("secret="),
            "{shown}"
        );
    }
    error
}

#[tokio::test]
async fn a_refused_connection_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = told(&format!("http://{address}")).await;
    assert_eq!(
        (error.kind(), error.class()),
        (ErrorKind::Connect, ErrorClass::Retry)
    );
    let said = "/cgi-bin/stable_token: the platform could not be reached: ";
    assert!(error.to_string().starts_with(said), "{error}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[tokio::test]
async fn an_unresolvable_host_is_named() {
    let error = told("https://nosuchhost.invalid").await;
    assert_eq!(
        (error.kind(), error.class()),
        (ErrorKind::Connect, ErrorClass::Retry)
    );
    assert!(error.to_string().contains("dns error: "), "{error}");
}

#[tokio::test]
async fn an_untrusted_certificate_is_a_configuration_error() {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(issued.signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let error = told(&format!("https://localhost:{port}")).await;
    assert_eq!(
        (error.kind(), error.class()),
        (ErrorKind::Certificate, ErrorClass::Config)
    );
    let shown = error.to_string();
    assert!(shown.contains("invalid peer certificate"), "{shown}");
    let hint = "install CA certificates (a bare container has none: the package \
                ca-certificates), set the clock of this machine, or find the proxy that \
                answers instead of the platform";
    assert_eq!(error.hint(), Some(hint));
}

/// The peer does not speak TLS, as a misconfigured proxy.
#[tokio::test]
async fn a_peer_without_tls_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = told(&format!("https://localhost:{port}")).await;
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(
        error.to_string().len() > "the platform could not be reached: ".len() + 10,
        "{error}"
    );
}

#[tokio::test]
async fn the_log_has_the_reason() {
    let log = Log::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let _listening = log.listen();
    told(&format!("http://{address}")).await;
    let text = log.text();
    assert!(text.contains("Connection refused"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}
