//! Sign-in cookies next to other cookies of the site and planted ones, over sockets.

use axum::Router;
use bytes::Bytes;
use http::header::{LOCATION, SET_COOKIE};
use http::{Request, Response, Uri};
use tower::{Layer, ServiceExt};
use tower_wechat::oauth::{OAuthService, SignedIn, StateKey, sign_in_fn};
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::scan_login::{ScanLogin, ScannedUser, scanned_fn};
use tower_wechat::{Body, Message, handler_fn};

use crate::over_http::serve;
use crate::support::Wire;

const KEY: &str = "a key of thirty-two bytes or more";
const FOREIGN: &str = "0123456789abcdefghijklmnopqrstuv";

/// A sign-in up to the request that needs its cookie.
struct SignIn {
    wire: Wire,
    /// The path that needs the cookie, and the status on success.
    path: String,
    name: String,
    value: String,
}

impl SignIn {
    fn new(wire: Wire, path: String, cookie: &str) -> Self {
        let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        Self {
            wire,
            path,
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    /// Returns the status with these cookies; `NAME=VALUE` stands for the sign-in's cookie.
    async fn status(&mut self, cookies: &[&str]) -> u16 {
        let headers = cookies.iter().map(|cookie| {
            let cookie = cookie.replace("NAME", &self.name);
            cookie.replace("VALUE", &self.value).into_bytes()
        });
        let headers: Vec<_> = headers.collect();
        let headers: Vec<_> = headers.iter().map(|bytes| ("Cookie", &**bytes)).collect();
        self.wire.get(&self.path, &headers).await.0
    }
}

async fn oauth(scheme: &str) -> SignIn {
    let sandbox = Sandbox::new();
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let handler = sign_in_fn(|signed_in: SignedIn, _| async move { signed_in.redirect() });
    let key = StateKey::new(KEY).unwrap();
    let base = format!("{scheme}://shop.example/login");
    let login = OAuthService::new(app, &base, key, handler).unwrap();

    let start = Request::get("/start").body(Body::empty()).unwrap();
    let start = login.clone().oneshot(start).await.unwrap();
    let page: Uri = location(&start).parse().unwrap();
    let page = page.path_and_query().unwrap().to_string();
    let page = Request::get(page).body(Bytes::new()).unwrap();
    let back: Uri = location(&sandbox.oneshot(page).await.unwrap())
        .parse()
        .unwrap();
    let cookie = start.headers()[SET_COOKIE].to_str().unwrap().to_owned();

    let address = serve(Router::new().nest_service("/login", login)).await;
    let path = back.path_and_query().unwrap().to_string();
    SignIn::new(Wire::to(address).await, path, &cookie)
}

fn location<T>(response: &Response<T>) -> String {
    let location = response.headers()[LOCATION].to_str().unwrap();
    location.trim_end_matches("#wechat_redirect").to_owned()
}

async fn scan(plain: bool) -> SignIn {
    let sandbox = Sandbox::new();
    let wechat = sandbox.wechat();
    let scans = ScanLogin::new(&wechat);
    let scans = if plain { scans.plain_http() } else { scans };
    let pending = scans.start().await.unwrap();
    let handler = scans.layer().layer(handler_fn(|_: Message| async {}));
    let routes = wechat.routes().on_message(handler).prefix("/v1/service/wx");
    let scan = Push::scan(&sandbox.user("Hui"), pending.scene());
    assert!(sandbox.push(scan, routes).await.is_answered());
    let service = scans.service(scanned_fn(|_: ScannedUser, _| async {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::FOUND;
        response
    }));
    let address = serve(Router::new().nest_service("/scan", service)).await;
    let cookie = pending.cookie().unwrap();
    let cookie = cookie.to_str().unwrap();
    SignIn::new(Wire::to(address).await, "/scan/finish".to_owned(), cookie)
}

/// Each kind of sign-in, with the status when its cookie is rejected.
async fn all() -> [(SignIn, u16); 4] {
    [
        (oauth("https").await, 403),
        (oauth("http").await, 403),
        (scan(false).await, 410),
        (scan(true).await, 410),
    ]
}

#[tokio::test]
async fn other_cookies_that_are_not_ascii_do_not_affect_sign_in() {
    for (mut sign_in, _) in all().await {
        for cookies in [
            &["nick=张三; NAME=VALUE"][..],
            &["NAME=VALUE; nick=张三"],
            &["nick=张三", "NAME=VALUE"],
            &["nick=\"a;b\"; 名=x ; NAME=VALUE ;; =; x"],
            &["other=张三;NAME=VALUE"],
        ] {
            assert_eq!(sign_in.status(cookies).await, 302, "{cookies:?}");
        }
    }
}

#[tokio::test]
async fn a_malformed_cookie_of_the_same_name_is_ignored() {
    for (mut sign_in, _) in all().await {
        for cookies in [
            "NAME=; NAME=VALUE",
            "NAME=x; NAME=VALUE",
            "NAME=张三; NAME=VALUE",
            "NAME; NAME=VALUE; NAME=VALUE0",
            "NAME=VALUE; NAME=VALUE",
        ] {
            assert_eq!(sign_in.status(&[cookies]).await, 302, "{cookies}");
        }
    }
}

#[tokio::test]
async fn two_well_formed_cookies_are_both_rejected() {
    for (mut sign_in, refused) in all().await {
        let planted = format!("NAME={FOREIGN}");
        let first = format!("{planted}; NAME=VALUE");
        let last = format!("NAME=VALUE; {planted}");
        for cookies in [&[&*first][..], &[&*last], &[&*planted, "NAME=VALUE"]] {
            assert_eq!(sign_in.status(cookies).await, refused, "{cookies:?}");
        }
        assert_eq!(sign_in.status(&["NAME=VALUE"]).await, 302);
    }
}

/// Browsers do not apply the rules of `__Host-` to these names, so a subdomain can plant them.
#[tokio::test]
async fn a_similar_cookie_name_is_ignored() {
    for (mut sign_in, refused) in all().await {
        for cookies in [
            "\u{2000}NAME=VALUE",
            "\u{a0}NAME=VALUE",
            "\u{85}NAME=VALUE",
            "xNAME=VALUE",
            "NAME =VALUE",
            "NAMEx=VALUE",
            "$Version=1; \"NAME\"=VALUE",
        ] {
            assert_eq!(sign_in.status(&[cookies]).await, refused, "{cookies:?}");
        }
    }
    let (mut secure, mut scanned) = (oauth("https").await, scan(false).await);
    for sign_in in [&mut secure, &mut scanned] {
        sign_in.name = sign_in.name.to_lowercase();
    }
    assert_eq!(secure.status(&["NAME=VALUE"]).await, 403);
    assert_eq!(scanned.status(&["NAME=VALUE"]).await, 410);
}
