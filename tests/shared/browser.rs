//! The sign-in examples in a real Chromium, with two instances behind a round-robin proxy.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use tokio::process::Child;
use tokio::time::timeout;
use tower::ServiceExt;
use tower_wechat::client::ReqwestTransport;

use crate::chromium::Page;
use crate::process::{example, start};
use crate::round_robin::RoundRobin;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts two instances of an example behind a proxy. The first has the sandbox.
async fn instances(name: &str, redis: &Server) -> ([Child; 2], RoundRobin, String) {
    let proxy = RoundRobin::start().await;
    let instance = |more: &[&str]| {
        let mut command = example(name);
        command.args(["127.0.0.1:0", "--redis", &redis.url()]);
        command.args(["--base", &proxy.base, "--key", &"k".repeat(32)]);
        command.args(more);
        start(command)
    };
    let (a, first) = instance(&[]).await;
    let platform = format!("{first}/sandbox");
    let (b, second) = instance(&["--platform", &platform]).await;
    proxy.to(&[&first, &second]);
    ([a, b], proxy, platform)
}

#[tokio::test(flavor = "multi_thread")]
async fn scan_login_greets_the_user_whatever_instance_gets_a_request() {
    let Some(redis) = Server::start() else { return };
    let (_children, proxy, platform) = instances("scan_login", &redis).await;
    let Some(mut page) = Page::open("scan-shared", &proxy.base).await else {
        return;
    };
    for (greeting, number) in [("Welcome, o", 0), ("Welcome back, o", 1)] {
        let text = page
            .text_with(&format!("curl -s {platform}/control/push"))
            .await;
        page.check_readable().await;
        // The command shown on the page, without the shell.
        let (_, scan) = text.split_once("-d '").unwrap();
        let (scan, _) = scan.split_once('\'').unwrap();
        let push = Request::post(format!("{platform}/control/push"));
        let push = push.body(Bytes::from(scan.to_owned())).unwrap();
        let exchange = ReqwestTransport::new().unwrap().oneshot(push);
        let report = timeout(PATIENCE, exchange).await.unwrap().unwrap();
        let report = String::from_utf8(report.into_body().to_vec()).unwrap();
        assert!(report.contains("signed in to shop.example"), "{report}");
        page.text_with(greeting).await;
        // The other instance knows the session, too.
        page.send("Page.reload", json!({})).await;
        page.text_with(greeting).await;

        // The scan reached another instance than the one on which the page waits, and the page got
        // its session from there again.
        let [waits, scans, ends] = ["/login/scan/events", "/v1/", "/login/scan/finish"]
            .map(|path| proxy.who_got(path)[number]);
        assert_ne!(waits, scans);
        assert_ne!(scans, ends);
        page.send("Network.clearBrowserCookies", json!({})).await;
        page.send("Page.reload", json!({})).await;
    }
    page.close().await;
}
