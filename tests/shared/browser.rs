//! The sign-in examples in a real Chromium, with two instances behind a round-robin proxy.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use tokio::process::Child;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;
use tower_wechat::ErrCode;
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::Sandbox;

use crate::chromium::Page;
use crate::platform::serve;
use crate::process::{example, start};
use crate::round_robin::RoundRobin;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts two instances of an example behind a proxy. Without a platform the first has the sandbox.
async fn instances(
    name: &str,
    redis: &Server,
    platform: Option<String>,
) -> ([Child; 2], RoundRobin, String) {
    let proxy = RoundRobin::start().await;
    let instance = |platform: Option<&str>| {
        let mut command = example(name);
        command.args(["127.0.0.1:0", "--redis", &redis.url()]);
        command.args(["--base", &proxy.base, "--key", &"k".repeat(32)]);
        command.args(platform.into_iter().flat_map(|url| ["--platform", url]));
        start(command)
    };
    let (a, first) = instance(platform.as_deref()).await;
    let platform = platform.unwrap_or_else(|| format!("{first}/sandbox"));
    let (b, second) = instance(Some(&platform)).await;
    proxy.to(&[&first, &second]);
    ([a, b], proxy, platform)
}

#[tokio::test(flavor = "multi_thread")]
async fn scan_login_greets_the_user_whatever_instance_gets_a_request() {
    let Some(redis) = Server::start() else { return };
    let (_children, proxy, platform) = instances("scan_login", &redis, None).await;
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

const DONE: &str = "/login/wechat/done?";
const TRADE: &str = "/sns/oauth2/access_token";
const PROFILE: &str = "/sns/userinfo";
const GREETING: &str = "Hello, Hui🐠!";

/// Follows the link to sign in, as a browser that is not known yet.
async fn sign_in(page: &mut Page, base: &str) {
    page.send("Network.clearBrowserCookies", json!({})).await;
    page.send("Page.navigate", json!({"url": base})).await;
    page.text_with("Sign in with WeChat").await;
    page.evaluate("document.querySelector('a').click()").await;
}

/// Signs in with a platform that fails once the code is exchanged, so that the browser stays at the
/// address of the redirect.
async fn stay(page: &mut Page, base: &str, sandbox: &Sandbox) {
    // A call and its two repeats.
    (0..3).for_each(|_| sandbox.fail_next(PROFILE, ErrCode::SYSTEM_BUSY));
    sign_in(page, base).await;
    page.text_with("Signing in is not possible just now.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth_signs_in_whatever_instance_gets_a_request() {
    let Some(redis) = Server::start() else { return };
    let sandbox = Sandbox::new();
    let platform = Some(serve(&sandbox).await);
    let (_children, proxy, _) = instances("oauth", &redis, platform).await;
    let Some(mut page) = Page::open("oauth-shared", &proxy.base).await else {
        return;
    };

    // A double redirect: the browser requests the address again before the first answer.
    sandbox.delay_next(TRADE, Duration::from_secs(1));
    sign_in(&mut page, &proxy.base).await;
    let redirected = async {
        loop {
            match proxy.last(DONE) {
                Some(path) => return path,
                None => sleep(Duration::from_millis(10)).await,
            }
        }
    };
    let path = timeout(PATIENCE, redirected).await.unwrap();
    let address = format!("{}{path}", proxy.base);
    page.send("Page.navigate", json!({"url": address})).await;
    page.text_with(GREETING).await;
    page.check_readable().await;
    // The other instance knows the session, too.
    page.send("Page.reload", json!({})).await;
    page.text_with(GREETING).await;

    stay(&mut page, &proxy.base, &sandbox).await;
    page.send("Page.reload", json!({})).await;
    page.text_with(GREETING).await;

    stay(&mut page, &proxy.base, &sandbox).await;
    // Two requests, so that the next one reaches another instance than the redirect did.
    page.send("Page.navigate", json!({"url": proxy.base})).await;
    page.text_with("Sign in with WeChat").await;
    let requests = proxy.who_got("/").len();
    page.send("Page.reload", json!({})).await;
    let reloaded = async {
        while proxy.who_got("/").len() == requests {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, reloaded).await.unwrap();
    page.evaluate("history.back()").await;
    page.text_with(GREETING).await;
    page.close().await;

    // Both requests of a sign-in reached different instances, and one of them exchanged the code.
    let requests = proxy.who_got(DONE);
    assert_eq!(requests.len(), 6, "{requests:?}");
    for pair in requests.chunks(2) {
        assert_ne!(pair[0], pair[1], "{requests:?}");
    }
    assert_eq!(sandbox.calls(TRADE), 3);
    // Two succeed after three failures each.
    assert_eq!(sandbox.calls(PROFILE), 1 + 4 + 4);
}
