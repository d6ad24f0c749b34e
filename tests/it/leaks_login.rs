//! Signing in writes no secret to the log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, Response};
use tower::{Layer, ServiceExt};
use tower_wechat::oauth::{OAuthService, SignedIn, StateKey, sign_in_fn};
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::scan_login::{ScanLogin, ScannedUser, scanned_fn};
use tower_wechat::{Body, ErrCode, Message, handler_fn};
use tracing_subscriber::fmt::format::FmtSpan;

const KEY: &str = "a key of thirty-two bytes or more";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Returns the value of the cookie that a response sets.
fn cookie(headers: &HeaderMap) -> String {
    let cookie = headers[SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

fn value(pair: &str) -> String {
    pair.split_once('=').unwrap().1.to_owned()
}

#[test]
fn signing_in_logs_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // One thread, so that the subscriber sees every task.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _second = crate::support::second_subscriber();
    let secrets = tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let sandbox = Sandbox::new();
            let mut secrets = web(&sandbox).await;
            secrets.push(scan(&sandbox).await);
            let known = sandbox.secrets();
            secrets.extend(known.iter().map(|secret| secret.expose().to_owned()));
            secrets
        })
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in [
        "wechat.oauth",
        "signed a user in",
        "40029",
        "signed in by scan",
        "not for this",
    ] {
        assert!(log.contains(expected), "{expected} is not logged");
    }
    assert_eq!(secrets.len(), 13);
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None);
    }
}

async fn web(sandbox: &Sandbox) -> Vec<String> {
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let key = StateKey::new(KEY).unwrap();
    let handler = sign_in_fn(|signed_in: SignedIn, _| async move { signed_in.redirect() });
    let login = OAuthService::new(app, "https://shop.example/in", key, handler).unwrap();
    let mut secrets = vec![KEY.to_owned()];
    for code in [
        None,
        Some(ErrCode::INVALID_CODE),
        Some(ErrCode::SYSTEM_BUSY),
    ] {
        let request = Request::get("/start").body(()).unwrap();
        let started = login.clone().oneshot(request).await.unwrap();
        let page = started.headers()[LOCATION].to_str().unwrap();
        let page = page.strip_prefix("https://open.weixin.qq.com").unwrap();
        let page = page.strip_suffix("#wechat_redirect").unwrap();
        let request = Request::get(page).body(bytes::Bytes::new()).unwrap();
        let back = sandbox.clone().oneshot(request).await.unwrap();
        let back = back.headers()[LOCATION].to_str().unwrap();
        let back = back
            .strip_prefix("https://shop.example")
            .unwrap()
            .to_owned();
        if let Some(code) = code {
            sandbox.fail_next("/sns/oauth2/access_token", code);
        }
        let pair = cookie(started.headers());
        for address in [&back, &format!("{back}0")] {
            let request = Request::get(address)
                .header(COOKIE, &pair)
                .body(())
                .unwrap();
            let done = login.clone().oneshot(request).await.unwrap();
            tracing::trace!(?done, headers = ?started.headers(), ?login);
        }
        secrets.push(value(&pair));
    }
    secrets
}

async fn scan(sandbox: &Sandbox) -> String {
    let wechat = sandbox.wechat();
    let scans = ScanLogin::new(&wechat);
    let pending = scans.start().await.unwrap();
    let handler = scans.layer().layer(handler_fn(|_: Message| async {}));
    let routes = wechat.routes().on_message(handler).prefix("/v1/service/wx");
    sandbox
        .push(Push::scan(&sandbox.user("Hui"), pending.scene()), routes)
        .await;
    let service = scans.service(scanned_fn(|_: ScannedUser, _| async {
        Response::new(Body::empty())
    }));
    let header = pending.cookie().unwrap();
    let pair = header
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    for route in ["/wait", "/finish", "/events", "/else"] {
        let request = Request::get(route).header(COOKIE, &pair).body(()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        tracing::trace!(?response, ?pending, ?header, ?scans, ?service);
    }
    value(&pair)
}
