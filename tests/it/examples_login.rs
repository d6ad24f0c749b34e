//! The sign-in examples, run as processes, with a browser.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tower::ServiceExt;
use tower_wechat::client::ReqwestTransport;

const PATIENCE: Duration = Duration::from_secs(30);

/// Starts an example on a free port and returns its address as a browser.
async fn start(name: &str) -> (Child, Browser) {
    // Tests are in target/<profile>/deps, examples in target/<profile>/examples.
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    let path = path.with_extension(std::env::consts::EXE_EXTENSION);
    let mut child = Command::new(path)
        .arg("127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
    let line = line.expect("a line");
    // Drain the pipe, or the example would block when it is full.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let base = line.strip_prefix("Listening on ").unwrap().to_owned();
    let cookies = Vec::new();
    (child, Browser { base, cookies })
}

/// A browser that keeps cookies.
struct Browser {
    base: String,
    cookies: Vec<String>,
}

impl Browser {
    async fn send(&mut self, request: http::request::Builder, body: String) -> Response<Bytes> {
        let request = request.header(COOKIE, self.cookies.join("; "));
        let request = request.body(Bytes::from(body)).unwrap();
        let exchange = ReqwestTransport::new().unwrap().oneshot(request);
        let response = timeout(PATIENCE, exchange).await.unwrap().unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, _) = pair.split_once('=').unwrap();
            let name = format!("{name}=");
            self.cookies.retain(|known| !known.starts_with(&name));
            self.cookies.push(pair.to_owned());
        }
        response
    }

    /// Gets a page of the example by its path, or any page by its absolute URL.
    async fn get(&mut self, path: &str) -> Response<Bytes> {
        let address = match path.strip_prefix('/') {
            Some(path) => format!("{}/{path}", self.base),
            None => path
                .strip_suffix("#wechat_redirect")
                .unwrap_or(path)
                .to_owned(),
        };
        self.send(Request::get(address), String::new()).await
    }
}

fn text(response: &Response<Bytes>) -> &str {
    assert_eq!(response.status(), StatusCode::OK);
    std::str::from_utf8(response.body()).unwrap()
}

fn location(response: &Response<Bytes>) -> &str {
    assert_eq!(response.status(), StatusCode::FOUND);
    response.headers()[LOCATION].to_str().unwrap()
}

#[tokio::test]
async fn oauth_signs_a_browser_in_once_per_code() {
    let (_child, mut browser) = start("oauth").await;
    let home = browser.get("/").await;
    let (_, link) = text(&home).split_once("<a href=\"").unwrap();
    let link = link.split('"').next().unwrap().to_owned();
    let page = location(&browser.get(&link).await).to_owned();
    let back = location(&browser.get(&page).await).to_owned();
    assert!(back.starts_with(&format!("{}/login/wechat/done?code=", browser.base)));
    for _ in 0..2 {
        let done = browser.get(&back).await;
        assert_eq!(location(&done), "/");
        assert!(text(&browser.get("/").await).ends_with("<p>Hello, Hui🐠!\n"));
    }

    let (base, cookies) = (browser.base.clone(), Vec::new());
    let mut other = Browser { base, cookies };
    assert_eq!(other.get(&back).await.status(), StatusCode::FORBIDDEN);
    assert!(text(&other.get("/").await).contains("<a href="));
}

#[tokio::test]
async fn scan_login_greets_the_user_who_scanned() {
    let (_child, mut browser) = start("scan_login").await;
    for greeting in ["<p>Welcome, o", "<p>Welcome back, o"] {
        browser.cookies.clear();
        let home = browser.get("/").await;
        let page = text(&home);
        assert!(page.contains("<img src=\"data:image/"), "{page}");
        let (_, scene) = page.split_once("\"scene\":\"").unwrap();
        let scene = scene.split('"').next().unwrap();
        assert!(scene.starts_with("login-"), "{scene}");
        let early = browser.get("/login/scan/finish").await;
        assert_eq!(early.status(), StatusCode::CONFLICT);

        let push = Request::post(format!("{}/sandbox/control/push", browser.base));
        let scan = format!("{{\"type\":\"scan\",\"scene\":\"{scene}\"}}");
        let report = browser.send(push, scan).await;
        assert!(text(&report).contains("signed in to shop.example"));

        let events = browser.get("/login/scan/events").await;
        assert!(text(&events).contains("event: scanned"));
        let waited = browser.get("/login/scan/wait").await;
        assert_eq!(waited.status(), StatusCode::OK);
        let finished = browser.get("/login/scan/finish").await;
        assert_eq!(location(&finished), "/");
        let home = browser.get("/").await;
        assert!(text(&home).contains(greeting), "{home:?}");
    }
}
