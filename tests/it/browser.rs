//! The pages of the examples in a real Chromium.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use tokio::time::timeout;
use tower::ServiceExt;
use tower_wechat::client::ReqwestTransport;

use crate::chromium::Page;
use crate::process::{example, start};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn scan_login_takes_a_browser_from_the_code_to_the_greeting() {
    let mut command = example("scan_login");
    command.arg("127.0.0.1:0");
    let (_child, base) = start(command).await;
    let Some(mut page) = Page::open("scan", &base).await else {
        return;
    };
    let text = page.text_with("/sandbox/control/push").await;
    page.check_readable().await;
    let drawn = page.evaluate("document.querySelector('img').naturalWidth");
    assert!(drawn.await.as_u64().unwrap() > 0);

    // The command shown on the page, without the shell.
    let (_, scan) = text.split_once("-d '").unwrap();
    let (scan, _) = scan.split_once('\'').unwrap();
    let push = Request::post(format!("{base}/sandbox/control/push"));
    let push = push.body(Bytes::from(scan.to_owned())).unwrap();
    let exchange = ReqwestTransport::new().unwrap().oneshot(push);
    timeout(PATIENCE, exchange).await.unwrap().unwrap();

    // The page continues on its own, and the session persists.
    page.text_with("Welcome, o").await;
    page.check_readable().await;
    page.send("Page.reload", json!({})).await;
    page.text_with("Welcome, o").await;
    page.close().await;
}

#[tokio::test]
async fn oauth_takes_a_browser_from_the_link_to_the_greeting() {
    let mut command = example("oauth");
    command.arg("127.0.0.1:0");
    let (_child, base) = start(command).await;
    let Some(mut page) = Page::open("oauth", &base).await else {
        return;
    };
    page.text_with("Sign in with WeChat").await;
    page.check_readable().await;
    page.evaluate("document.querySelector('a').click()").await;
    page.text_with("Hello, Hui🐠!").await;
    page.check_readable().await;
    page.close().await;
}
