//! Proxies from the environment. The variables apply to a whole process, so each client runs in its
//! own process. The proxy is a listener of the test.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http::Request;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::timeout;
use tower::ServiceExt;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::client::{Hosts, ReqwestTransport};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{AppConfig, Wechat};

use crate::over_http::serve;

/// The variables that pass a client process its parameters.
const BASE: &str = "TOWER_WECHAT_TEST_BASE";
const SECRET: &str = "TOWER_WECHAT_TEST_SECRET";

const VARIABLES: [&str; 8] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// The test binary, to run as a client of `base`.
fn client(base: &str, secret: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "proxy::runs_as_a_client", "--nocapture"])
        .env(BASE, base)
        .env(SECRET, secret)
        .env_remove("REQUEST_METHOD")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
}

async fn run(mut command: Command) -> String {
    let output = timeout(Duration::from_secs(30), command.output());
    let output = output.await.unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Returns at once in a normal test run.
#[tokio::test]
async fn runs_as_a_client() {
    let (Ok(base), Ok(secret)) = (std::env::var(BASE), std::env::var(SECRET)) else {
        return;
    };
    let transport = ReqwestTransport::new().unwrap();
    if base.starts_with("https://") {
        let request = Request::get(base).body(Bytes::new()).unwrap();
        println!("got {:?}", transport.oneshot(request).await);
        return;
    }
    let wechat = Wechat::builder()
        .app(AppConfig::new(Sandbox::APPID, &*secret))
        .hosts(Hosts::default().api(&base).unwrap())
        .transport(transport)
        .timeout(Duration::from_secs(5));
    let app = wechat.build().unwrap().app(Sandbox::APPID).unwrap();
    println!("called {:?}", app.call(GetCallbackIp::new()).await.is_ok());
}

/// The first bytes of the connections that a listener accepted.
#[derive(Clone, Default)]
struct Heads(Arc<Mutex<Vec<Vec<u8>>>>);

impl Heads {
    fn taken(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn first_line(&self) -> String {
        let heads = self.taken();
        let head = String::from_utf8_lossy(heads.first().expect("a connection"));
        head.lines().next().unwrap_or_default().to_owned()
    }
}

/// Starts a listener that reads the start of each connection and closes it.
async fn listener() -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heads = Heads::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let len = connection.read(&mut head).await.unwrap_or_default();
            head.truncate(len);
            seen.0.lock().unwrap().push(head);
        }
    });
    (address, heads)
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used_for_plain_http() {
    let sandbox = Sandbox::new();
    let secret = sandbox.secrets().remove(0).expose().to_owned();
    let address = serve(Router::new().nest_service("/sandbox", sandbox.http())).await;
    let base = format!("http://{address}/sandbox");
    let (proxy, seen) = listener().await;
    for variables in [
        &["HTTP_PROXY"][..],
        &["http_proxy"],
        &["ALL_PROXY"],
        &["all_proxy"],
        &VARIABLES[..6],
    ] {
        let mut command = client(&base, &secret);
        for variable in variables {
            command.env(variable, format!("http://{proxy}"));
        }
        let calls = sandbox.calls("/cgi-bin/getcallbackip");
        let output = run(command).await;
        let proxied = seen.taken().len();
        assert_eq!(proxied, 0, "{variables:?}: the proxy saw the call");
        assert!(output.contains("called true"), "{variables:?}: {output}");
        assert_eq!(sandbox.calls("/cgi-bin/getcallbackip"), calls + 1);
    }
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_for_https() {
    let (proxy, seen) = listener().await;
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let mut command = client("https://api.weixin.qq.com/cgi-bin/x?secret=s", "");
        command.env(variable, format!("http://{proxy}"));
        let output = run(command).await;
        assert!(output.contains("got Err"), "{output}");
        let expected = "CONNECT api.weixin.qq.com:443 HTTP/1.1";
        assert_eq!(seen.first_line(), expected, "{variable}");
    }
}

#[tokio::test]
async fn hosts_in_no_proxy_are_connected_directly() {
    let (proxy, seen) = listener().await;
    let (target, reached) = listener().await;
    for (variable, hosts) in [
        ("NO_PROXY", "127.0.0.1"),
        ("no_proxy", "example.com,127.0.0.0/8"),
    ] {
        let mut command = client(&format!("https://{target}/cgi-bin/x"), "");
        command
            .env("HTTPS_PROXY", format!("http://{proxy}"))
            .env(variable, hosts);
        run(command).await;
        assert_eq!(seen.taken().len(), 0, "{variable}");
        let hello = reached.taken().concat();
        assert_eq!(hello.first(), Some(&0x16), "{variable}: no TLS handshake");
    }
}
