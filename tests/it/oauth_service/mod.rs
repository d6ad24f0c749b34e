//! The OAuth sign-in service, from the start to the application's handler, and its rejections.

mod shared;
mod stopped;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use proptest::prelude::{any, prop_assert, proptest};
use tower::ServiceExt;
use tower_wechat::api::oauth::Scope;
use tower_wechat::oauth::{OAuthService, Origin, Relay, SignInFn, SignedIn, StateKey, sign_in_fn};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{App, Body, BoxFuture, Clock, ErrCode};

use crate::support::{clock, settle};

const BASE: &str = "https://shop.example/login/wechat";
const KEY: &str = "a key of thirty-two bytes or more";
const TRADE: &str = "/sns/oauth2/access_token";
const PROFILE: &str = "/sns/userinfo";

type Answer = BoxFuture<'static, Response<Body>>;
type Login = OAuthService<SignInFn<fn(SignedIn, Parts) -> Answer>>;

/// Responds with a session that names the user.
fn greet(signed_in: SignedIn, _: Parts) -> Answer {
    Box::pin(async move {
        let mut response = signed_in.redirect();
        let session = format!("session={}", signed_in.openid());
        let session = HeaderValue::try_from(session).unwrap();
        response.headers_mut().append(SET_COOKIE, session);
        response
    })
}

fn login(app: App) -> Login {
    let key = StateKey::new(KEY).unwrap();
    let handler = sign_in_fn(greet as fn(SignedIn, Parts) -> Answer);
    OAuthService::new(app, BASE, key, handler).unwrap()
}

fn sandbox() -> (Sandbox, Login) {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    (sandbox, login(app))
}

fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().into_bytes().to_vec()).unwrap()
}

fn location(response: &Response<impl Sized>) -> String {
    assert_eq!(response.status(), StatusCode::FOUND);
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

fn session(response: &Response<Body>) -> Option<&str> {
    let cookie = response.headers().get(SET_COOKIE)?.to_str().unwrap();
    cookie.strip_prefix("session=")
}

/// Returns the openid of the user who signs in.
fn user(sandbox: &Sandbox) -> String {
    sandbox.user("Hui🐠").openid()
}

fn path(address: &str) -> String {
    let uri: Uri = address.parse().unwrap();
    uri.path_and_query().unwrap().to_string()
}

/// A browser that keeps its cookie.
#[derive(Clone, Default)]
struct Browser(Option<String>);

impl Browser {
    fn request(&self, path: &str) -> Request<Body> {
        let request = Request::get(path.strip_prefix("/login/wechat").unwrap_or(path));
        let request = match &self.0 {
            Some(cookie) => request.header(COOKIE, format!("theme=dark; {cookie}")),
            None => request,
        };
        request.body(Body::empty()).unwrap()
    }

    async fn get(&mut self, login: &Login, path: &str) -> Response<Body> {
        let request = self.request(path);
        let response = login.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            if cookie.contains("wechat-oauth=") {
                self.0 = cookie.split(';').next().map(str::to_owned);
            }
        }
        response
    }

    /// Consents on the platform's page and returns the path it redirects to.
    async fn consent(&mut self, sandbox: &Sandbox, login: &Login, query: &str) -> String {
        let page = location(&self.get(login, &format!("/start{query}")).await);
        consent(sandbox, &page).await
    }
}

async fn consent(sandbox: &Sandbox, page: &str) -> String {
    let page = page.strip_suffix("#wechat_redirect").unwrap();
    let request = Request::get(path(page)).body(Bytes::new()).unwrap();
    location(&sandbox.clone().oneshot(request).await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_user_signs_in_and_returns_to_the_requested_page() {
    let (sandbox, login) = sandbox();
    let user = sandbox.user("Hui🐠");
    let mut browser = Browser::default();
    let started = browser.get(&login, "/start?return_to=/cart%3Fa%3D1").await;
    let cookie = started.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-wechat-oauth="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure"));
    assert_eq!(started.headers()[CACHE_CONTROL], "no-store");

    let back = consent(&sandbox, &location(&started)).await;
    assert!(
        back.starts_with("https://shop.example/login/wechat/done?return_to=%2Fcart%3Fa%3D1&code=")
    );
    let done = browser.get(&login, &path(&back)).await;
    assert_eq!(location(&done), "/cart?a=1");
    assert_eq!(session(&done), Some(&*user.openid()));
    assert_eq!(done.headers()[REFERRER_POLICY], "no-referrer");

    // A router that keeps the mount prefix in the path.
    let request = Request::get("/login/wechat/start").body(()).unwrap();
    let response = login.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    let request = Request::post("/start").body(()).unwrap();
    let response = login.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    let request = Request::get("/else").body(()).unwrap();
    let response = login.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn the_handler_gets_both_ids_and_the_requested_profile() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let user = sandbox.user("Hui🐠");
    let seen: Arc<Mutex<Vec<SignedIn>>> = Arc::default();
    for scope in [Scope::UserInfo, Scope::Base] {
        let keep = seen.clone();
        let handler = tower::service_fn(move |request: Request<SignedIn>| {
            let signed_in = request.into_body();
            let response = signed_in.redirect();
            keep.lock().unwrap().push(signed_in);
            async { Ok::<_, std::fmt::Error>(response) }
        });
        let key = StateKey::new(KEY).unwrap();
        // Plain HTTP, for development.
        let base = "http://127.0.0.1:8080/login";
        let login = OAuthService::new(app.clone(), base, key, handler)
            .unwrap()
            .scope(scope);
        let request = Request::get("/start").body(()).unwrap();
        let started = login.clone().oneshot(request).await.unwrap();
        let cookie = started.headers()[SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.starts_with("wechat-oauth=") && !cookie.contains("Secure"),
            "{cookie}"
        );
        let back = consent(&sandbox, &location(&started)).await;
        let request = Request::get(path(&back)).header(COOKIE, cookie.split(';').next().unwrap());
        let done = login.oneshot(request.body(()).unwrap()).await.unwrap();
        assert_eq!(location(&done), "/");
    }
    let seen = seen.lock().unwrap();
    let nickname = seen[0].profile().map(|profile| &*profile.nickname);
    assert_eq!(nickname, Some("Hui🐠"));
    assert_eq!(seen[0].unionid(), Some(&*user.unionid()));
    assert_eq!(seen[0].appid().as_str(), Sandbox::APPID);
    assert!(seen[1].profile().is_none() && seen[1].unionid().is_none());
    assert!(
        seen.iter()
            .all(|it| it.openid() == user.openid() && !it.is_snapshot_user())
    );
    assert_eq!(sandbox.calls(PROFILE), 1);
}

/// The wall clock is set after the sign-in, less than five minutes of monotonic time later.
#[tokio::test(start_paused = true)]
async fn setting_the_clock_does_not_forget_used_codes() {
    for set_to in [-86_400_i64, 86_400] {
        let clock = clock();
        let sandbox = Sandbox::with_clock(clock.clone());
        let login = login(sandbox.wechat().app(Sandbox::APPID).unwrap());
        let mut browser = Browser::default();
        let back = path(&browser.consent(&sandbox, &login, "").await);
        assert_eq!(location(&browser.get(&login, &back).await), "/");
        let by = Duration::from_secs(set_to.unsigned_abs());
        clock.set(match set_to.is_negative() {
            true => clock.now() - by,
            false => clock.now() + by,
        });
        assert_eq!(location(&browser.get(&login, &back).await), "/");
        assert_eq!(sandbox.calls(TRADE), 1);
        clock.advance(Duration::from_secs(300));
        let late = browser.get(&login, &back).await;
        assert_eq!(late.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test(start_paused = true)]
async fn a_double_redirect_a_reload_and_the_back_button_give_the_same_user() {
    let (sandbox, login) = sandbox();
    let openid = sandbox.user("Hui🐠").openid();
    let mut browser = Browser::default();
    let page = location(&browser.get(&login, "/start?return_to=/cart").await);
    let back = path(&consent(&sandbox, &page).await);
    for _ in 0..3 {
        let done = browser.get(&login, &back).await;
        assert_eq!(
            (session(&done), &*location(&done)),
            (Some(&*openid), "/cart")
        );
    }
    // Going back to the platform's page gives the browser another code with the same state.
    let again = path(&consent(&sandbox, &page).await);
    assert_ne!(again, back);
    assert_eq!(session(&browser.get(&login, &again).await), Some(&*openid));
    assert_eq!((sandbox.calls(TRADE), sandbox.calls(PROFILE)), (1, 1));

    // The result outlives the state and then expires.
    sandbox.advance(Duration::from_secs(299));
    assert_eq!(session(&browser.get(&login, &back).await), Some(&*openid));
    sandbox.advance(Duration::from_secs(1));
    let late = browser.get(&login, &back).await;
    assert_eq!(late.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        sandbox.calls(TRADE),
        1,
        "a code that was used is not tried again"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hundred_requests_with_one_code_are_one_exchange() {
    let (sandbox, login) = sandbox();
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "").await);
    sandbox.delay_next(TRADE, Duration::from_secs(2));
    let requests: Vec<_> = (0..100)
        .map(|_| tokio::spawn(login.clone().oneshot(browser.request(&back))))
        .collect();
    let openid = sandbox.user("Hui🐠").openid();
    for request in requests {
        let response = request.await.unwrap().unwrap();
        assert_eq!(session(&response), Some(&*openid));
    }
    assert_eq!((sandbox.calls(TRADE), sandbox.calls(PROFILE)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_does_not_lose_the_result() {
    let (sandbox, login) = sandbox();
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "").await);
    sandbox.delay_next(TRADE, Duration::from_secs(2));
    let dropped = tokio::time::timeout(Duration::from_millis(10), browser.get(&login, &back));
    assert!(dropped.await.is_err());
    let done = browser.get(&login, &back).await;
    assert_eq!(session(&done), Some(&*user(&sandbox)));
    assert_eq!(sandbox.calls(TRADE), 1);
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_retried_and_permanent_ones_cached() {
    let (sandbox, login) = sandbox();
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "").await);
    // The code is used up and the profile call fails. The token is kept for a retry.
    for _ in 0..4 {
        sandbox.fail_next(PROFILE, ErrCode::SYSTEM_BUSY);
    }
    let failed = browser.get(&login, &back).await;
    assert_eq!(failed.status(), StatusCode::SERVICE_UNAVAILABLE);
    while sandbox.calls(PROFILE) < 4 {
        browser.get(&login, &back).await;
    }
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );
    assert_eq!(sandbox.calls(TRADE), 1);

    sandbox.fail_next(TRADE, ErrCode::INVALID_CODE);
    let back = path(&browser.consent(&sandbox, &login, "").await);
    for _ in 0..3 {
        assert_eq!(
            browser.get(&login, &back).await.status(),
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(sandbox.calls(TRADE), 2);
}

#[tokio::test(start_paused = true)]
async fn another_browser_does_not_get_the_result() {
    let (sandbox, login) = sandbox();
    let (mut browser, mut other) = (Browser::default(), Browser::default());
    let back = path(&browser.consent(&sandbox, &login, "").await);
    let theirs = path(&other.consent(&sandbox, &login, "").await);
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );

    // The same URL, without a cookie and with another one.
    let refused = Browser::default().get(&login, &back).await;
    assert_eq!(
        (refused.status(), session(&refused)),
        (StatusCode::FORBIDDEN, None)
    );
    let refused = other.get(&login, &back).await;
    assert_eq!(
        (refused.status(), session(&refused)),
        (StatusCode::FORBIDDEN, None)
    );
    // The same code with the other browser's state.
    let part = |address: &str, name: &str| {
        let (_, value) = address.split_once(&format!("{name}=")).unwrap();
        value.split('&').next().unwrap().to_owned()
    };
    let stolen = format!(
        "/done?code={}&state={}",
        part(&back, "code"),
        part(&theirs, "state")
    );
    let refused = other.get(&login, &stolen).await;
    assert_eq!(
        (refused.status(), session(&refused)),
        (StatusCode::FORBIDDEN, None)
    );
    // The first browser with the other browser's code.
    let forced = format!(
        "/done?code={}&state={}",
        part(&theirs, "code"),
        part(&theirs, "state")
    );
    assert_eq!(
        browser.get(&login, &forced).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(sandbox.calls(TRADE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_forged_expired_or_foreign_state_is_rejected() {
    let (sandbox, login) = sandbox();
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "?return_to=/cart").await);
    let forged = [
        back.replace("state=", "state=0"),
        back.replace("%2Fcart", "%2Fadmin"),
        back.replace("return_to=%2Fcart&", ""),
        format!("{}&state=x", back),
        format!("{}&code=x", back),
        format!("{}&return_to=/", back),
        back.split("&state").next().unwrap().to_owned(),
        format!("{}{}", back, "0".repeat(10_000)),
        back.replace("code=", "code=%00"),
    ];
    for forged in forged {
        let status = browser.get(&login, &forged).await.status();
        assert!([400, 403].contains(&status.as_u16()), "{status} {forged}");
    }
    // Another key, another app's service, another URL.
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let handler = sign_in_fn(greet as fn(SignedIn, Parts) -> Answer);
    let key = StateKey::new(KEY.to_uppercase()).unwrap();
    let other = OAuthService::new(app.clone(), BASE, key, handler).unwrap();
    assert_eq!(
        browser.get(&other, &back).await.status(),
        StatusCode::FORBIDDEN
    );
    let key = StateKey::new(KEY).unwrap();
    let other = OAuthService::new(app, "https://test.example/login/wechat", key, handler).unwrap();
    assert_eq!(
        browser.get(&other, &back).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(sandbox.calls(TRADE), 0, "none of them reached the platform");

    sandbox.advance(Duration::from_secs(600));
    let expired = browser.get(&login, &back).await;
    assert_eq!(expired.status(), StatusCode::FORBIDDEN);
    let page = text(expired);
    let restart = "href=\"https://shop.example/login/wechat/start?return_to=%2Fcart\"";
    assert!(page.contains(restart), "{page}");
    assert_eq!(sandbox.calls(TRADE), 0);
}

#[tokio::test(start_paused = true)]
async fn error_pages_contain_nothing_of_the_request() {
    let (_, login) = sandbox();
    let mut browser = Browser::default();
    let script = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for path in [
        format!("/done?code={script}&state={script}"),
        format!("/done?state={script}"),
        format!("/done?code=authdeny&state={script}&return_to=/{script}"),
        format!("/start?return_to={script}"),
        format!("/{script}"),
    ] {
        let response = browser.get(&login, &path).await;
        assert!(response.status().is_client_error(), "{path}");
        assert!(response.headers().contains_key("content-security-policy"));
        let page = text(response);
        assert!(
            !page.contains("<script") && !page.contains("alert"),
            "{page}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_who_denies_consent_can_start_again() {
    let (sandbox, login) = sandbox();
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "?return_to=/cart").await);
    let code = back.find("&code=").unwrap()..back.find("&state=").unwrap();
    for with in ["", "&code=", "&code=authdeny"] {
        let mut refused = back.clone();
        refused.replace_range(code.clone(), with);
        let response = browser.get(&login, &refused).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(text(response).contains("/start?return_to=%2Fcart"));
    }
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_user_is_marked_or_rejected() {
    let (sandbox, login) = sandbox();
    sandbox.user("Hui🐠").set_snapshot(true);
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "").await);
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );

    let strict = login
        .reject_snapshot()
        .rejection_page(|rejection, restart| {
            let mut page = Response::new(Body::from(format!("{rejection} {restart}")));
            *page.status_mut() = rejection.status();
            page
        });
    let profiles = sandbox.calls(PROFILE);
    let back = path(&browser.consent(&sandbox, &strict, "").await);
    for _ in 0..2 {
        let refused = browser.get(&strict, &back).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert!(text(refused).contains("snapshot mode https://shop.example/login/wechat/start"));
    }
    assert_eq!(
        (sandbox.calls(TRADE), sandbox.calls(PROFILE)),
        (2, profiles)
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_handler_is_500() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let handler =
        tower::service_fn(|_: Request<SignedIn>| async { Err::<Response<Body>, _>("no database") });
    let login = OAuthService::new(app, BASE, StateKey::new(KEY).unwrap(), handler).unwrap();
    let started = login
        .clone()
        .oneshot(Request::get("/start").body(()).unwrap());
    let started = started.await.unwrap();
    let cookie = started.headers()[SET_COOKIE].to_str().unwrap();
    let back = consent(&sandbox, &location(&started)).await;
    let request = Request::get(path(&back)).header(COOKIE, cookie.split(';').next().unwrap());
    let response = login.oneshot(request.body(()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!text(response).contains("database"));
}

#[tokio::test(start_paused = true)]
async fn a_page_of_the_site_is_accepted_in_every_form() {
    let (sandbox, login) = sandbox();
    for (asked, arrives) in [
        ("", "/"),
        ("?return_to=", "/"),
        (
            "?return_to=https%3A%2F%2Fshop.example%2Fcart%3Fa%3D1",
            "/cart?a=1",
        ),
        (
            "?return_to=https%3A%2F%2FSHOP.example%3A443%2Fcart",
            "/cart",
        ),
        ("?return_to=https%3A%2F%2Fshop.example", "/"),
        ("?return_to=https%3A%2F%2Fshop.example%3Fa%3D1", "/?a=1"),
        (
            "?return_to=%2F%E8%B4%AD%E7%89%A9%20%E8%BD%A6",
            "/%E8%B4%AD%E7%89%A9%20%E8%BD%A6",
        ),
        ("?return_to=%2F%23%2Fcart", "/#/cart"),
    ] {
        let mut browser = Browser::default();
        let back = browser.consent(&sandbox, &login, asked).await;
        let done = browser.get(&login, &path(&back)).await;
        assert_eq!(location(&done), arrives, "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_go_only_to_allowed_sites() {
    let (sandbox, login) = sandbox();
    let login = login.allow_return_to(Origin::new("https://app.shop.example").unwrap());
    let mut browser = Browser::default();
    let back = browser
        .consent(
            &sandbox,
            &login,
            "?return_to=https%3A%2F%2Fapp.shop.example%2Fx",
        )
        .await;
    let done = browser.get(&login, &path(&back)).await;
    assert_eq!(location(&done), "https://app.shop.example/x");

    for elsewhere in ELSEWHERE.iter().filter(|elsewhere| !elsewhere.is_empty()) {
        let path = format!("/start?return_to={elsewhere}");
        let response = browser.get(&login, &path).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{elsewhere}");
        let path = format!("/done?code=c&state=s&return_to={elsewhere}");
        let response = browser.get(&login, &path).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{elsewhere}");
    }
    let twice = browser
        .get(&login, "/start?return_to=/a&return_to=/b")
        .await;
    assert_eq!(twice.status(), StatusCode::BAD_REQUEST);
}

/// URLs that are not on `https://app.shop.example`, whatever they look like, escaped once.
const ELSEWHERE: &[&str] = &[
    "https%3A%2F%2Fevil.example%2F",
    "https%3A%2F%2Fapp.shop.example%40evil.example%2F",
    "https%3A%2F%2Fapp.shop.example%3A443%40evil.example%2F",
    "https%3A%2F%2Fapp.shop.example.evil.example%2F",
    "https%3A%2F%2Fevilapp.shop.example%2F",
    "https%3A%2F%2Fshop.example.evil.example%2F",
    "https%3A%2F%2Fshop.example%40evil.example%2F",
    "https%3A%2F%2Fshop.example%3A8443%2F",
    "http%3A%2F%2Fshop.example%2F",
    "https%3A%2F%2Fshop.example%2F%2Fevil.example",
    "https%3A%2F%2Fshop.example%5C%40evil.example",
    "https%3A%2F%2Fx.app.shop.example%2F",
    "https%3A%2F%2Fapp.shop.example.%2F",
    "https%3A%2F%2Fapp.shop.example%3A8443%2F",
    "http%3A%2F%2Fapp.shop.example%2F",
    "https%3A%2F%2Fevil.example%5C%40app.shop.example%2F",
    "https%3A%2F%2Fevil.example%2523%40app.shop.example%2F",
    "https%3A%2F%2Fevil.example%2F%40app.shop.example%2F",
    "https%3A%2F%2Fevil.example%3F%40app.shop.example%2F",
    "https%3A%2F%2Fevil.example%23%40app.shop.example%2F",
    "https%3A%5C%5Capp.shop.example%2F",
    "https%3Aapp.shop.example%2F",
    "https%3A%2Fapp.shop.example%2F",
    "https%3A%2F%2F%2Fapp.shop.example%2F",
    "https%3A%2F%2Fapp.shop.example%0D%0AX%3A1",
    "https%3A%2F%2Fapp.shop.example%09.evil.example%2F",
    "%2F%2Fevil.example%2F",
    "%2F%2Fapp.shop.example%2F",
    "%2F%5Cevil.example%2F",
    "%5C%5Cevil.example%2F",
    "%2F%09%2Fevil.example%2F",
    "%2F%252Fevil.example%2F",
    "%2F%255Cevil.example%2F",
    "%2F.%2F%2Fevil.example%2F",
    "javascript%3Aalert(1)",
    "data%3Atext%2Fhtml%2Cx",
    "%20https%3A%2F%2Fapp.shop.example%2F",
    "evil.example",
    "",
];

#[tokio::test(start_paused = true)]
async fn a_relay_redirects_only_to_its_sites() {
    let relay = Relay::new([Origin::new("https://app.shop.example").unwrap()]);
    let get = async |query: String| {
        let request = Request::get(format!("/relay?{query}")).body(()).unwrap();
        relay.clone().oneshot(request).await.unwrap()
    };
    for elsewhere in ELSEWHERE.iter().chain(&["%2Fcart", "%2F"]) {
        let response = get(format!("target={elsewhere}&code=c&state=s")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{elsewhere}");
        assert!(!response.headers().contains_key(LOCATION));
    }
    let target = "target=https%3A%2F%2Fapp.shop.example";
    for (query, expected) in [
        (format!("{target}&code=c&state=s"), "/?code=c&state=s"),
        (
            format!("{target}%2Fin%3Fa%3D1&code=c&state=s"),
            "/in?a=1&code=c&state=s",
        ),
        (format!("{target}%3A443&code=c&state=s"), "/?code=c&state=s"),
        (format!("{target}%2Fin&state=s&other=x"), "/in?state=s"),
        // A page with client-side routing behind the `#`.
        (
            format!("{target}%2F%23%2Fcart%3Fa%3D1&code=c&state=s"),
            "/?code=c&state=s#/cart?a=1",
        ),
        (
            format!("{target}%2Fin%3Fa%3D1%23x&code=c&state=s"),
            "/in?a=1&code=c&state=s#x",
        ),
        (
            format!("{target}%2F%E4%BD%A0&code=c&state=s"),
            "/%E4%BD%A0?code=c&state=s",
        ),
        (
            format!("{target}%2F%40evil.example&state=s"),
            "/@evil.example?state=s",
        ),
        (
            format!("{target}%2F%2Fevil.example&state=s"),
            "//evil.example?state=s",
        ),
    ] {
        let expected = format!("https://app.shop.example{expected}");
        assert_eq!(location(&get(query.clone()).await), expected, "{query}");
    }
    for query in [
        "code=c&state=s".to_owned(),
        format!("{target}&{target}&code=c&state=s"),
        format!("{target}&code=c&code=d&state=s"),
        format!("{target}&code=c&state=s%26x"),
        format!("{target}&code=c&state={}", "s".repeat(129)),
        format!("{target}&code={}&state=s", "c".repeat(513)),
        format!("{target}&code=c%0D%0A&state=s"),
    ] {
        assert_eq!(
            get(query.clone()).await.status(),
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_site_signs_in_through_the_relay() {
    let (sandbox, login) = sandbox();
    let login = login.through("https://www.example/relay").unwrap();
    let relay = Relay::new([Origin::new("https://shop.example").unwrap()]);
    let mut browser = Browser::default();
    let back = browser
        .consent(&sandbox, &login, "?return_to=/cart%3Fa%3D%2526")
        .await;
    assert!(back.starts_with("https://www.example/relay?target=https%3A%2F%2Fshop.example%2F"));
    let request = Request::get(path(&back)).body(()).unwrap();
    let relayed = location(&relay.oneshot(request).await.unwrap());
    assert!(relayed.starts_with(BASE), "{relayed}");
    let done = browser.get(&login, &path(&relayed)).await;
    assert_eq!(location(&done), "/cart?a=%26");
    assert_eq!(session(&done), Some(&*user(&sandbox)));
}

#[tokio::test(start_paused = true)]
async fn debug_output_shows_no_secret() {
    let (sandbox, login) = sandbox();
    let mut browser = Browser::default();
    let started = browser.get(&login, "/start").await;
    let back = consent(&sandbox, &location(&started)).await;
    let done = browser.get(&login, &path(&back)).await;
    settle().await;
    let cookie = browser.0.clone().unwrap();
    let (_, value) = cookie.split_once('=').unwrap();
    let shown = format!(
        "{login:?} {:?} {:?} {:?}",
        started.headers(),
        done.headers(),
        StateKey::new(KEY)
    );
    for secret in [
        value,
        KEY,
        back.split("code=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap(),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_tabs_of_a_browser_sign_in_concurrently() {
    let (sandbox, login) = sandbox();
    let mut browser = Browser::default();
    let first = browser.consent(&sandbox, &login, "?return_to=/a").await;
    let cookie = browser.0.clone();
    let second = browser.consent(&sandbox, &login, "?return_to=/b").await;
    assert_eq!(browser.0, cookie);
    for (back, to) in [(second, "/b"), (first, "/a")] {
        let done = browser.get(&login, &path(&back)).await;
        assert_eq!(location(&done), to);
        assert_eq!(session(&done), Some(&*user(&sandbox)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_made_from_another_does_not_share_its_results() {
    let (sandbox, login) = sandbox();
    sandbox.user("Hui🐠").set_snapshot(true);
    let strict = login.clone().reject_snapshot();
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "").await);
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );
    assert_eq!(session(&browser.get(&strict, &back).await), None);
}

#[tokio::test(start_paused = true)]
async fn attempt_and_result_may_have_the_maximum_lifetime() {
    let (sandbox, login) = sandbox();
    let login = login
        .state_life(Duration::MAX)
        .result_life(Duration::MAX)
        .max_results(100);
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "").await);
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );
    sandbox.advance(Duration::from_secs(3600));
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );
}

#[tokio::test(start_paused = true)]
async fn attempt_and_result_have_the_configured_lifetime() {
    let (sandbox, login) = sandbox();
    let login = login
        .state_life(Duration::from_secs(60))
        .result_life(Duration::from_secs(30))
        .max_results(100);
    let mut browser = Browser::default();
    let back = path(&browser.consent(&sandbox, &login, "").await);
    sandbox.advance(Duration::from_secs(59));
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );
    sandbox.advance(Duration::from_secs(29));
    assert_eq!(
        session(&browser.get(&login, &back).await),
        Some(&*user(&sandbox))
    );
    sandbox.advance(Duration::from_secs(1));
    assert_eq!(session(&browser.get(&login, &back).await), None);
}

proptest! {
    #[test]
    fn no_query_leads_elsewhere(query in "[a-z/:.@%25f#?&=0 \\\\\\\\]{0,40}", escaped in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let value: String = match escaped {
            true => form_urlencoded(&query),
            false => query.replace([' ', '\\'], "+"),
        };
        let relay = Relay::new([Origin::new("https://app.shop.example").unwrap()]);
        let (_, login) = sandbox();
        for (name, uri) in [
            ("target", format!("/relay?target={value}&code=c&state=s")),
            ("target", format!("/relay?target=https%3A%2F%2Fapp.shop.example{value}&code=c&state=s")),
            ("return_to", format!("/start?return_to={value}")),
            ("return_to", format!("/start?return_to=%2F{value}")),
            ("state", format!("/done?{value}")),
        ] {
            let Ok(uri) = uri.parse::<Uri>() else { continue };
            let request = Request::get(uri).body(()).unwrap();
            let response = match name {
                "target" => runtime.block_on(relay.clone().oneshot(request)).unwrap(),
                _ => runtime.block_on(login.clone().oneshot(request)).unwrap(),
            };
            prop_assert!(!response.status().is_server_error());
            if let Some(location) = response.headers().get(LOCATION) {
                let location = location.to_str().unwrap();
                let known = ["https://app.shop.example/", "https://open.weixin.qq.com/connect/"];
                prop_assert!(known.iter().any(|known| location.starts_with(known)), "{}", location);
            }
        }
    }
}

/// Returns a text as a form encodes it.
fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A framework's response, with extensions that other layers set on the request.
#[tokio::test(start_paused = true)]
async fn the_handler_sees_the_request_and_answers_with_any_body() {
    use axum::response::{IntoResponse, Redirect};

    let (sandbox, _) = sandbox();
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let handler = sign_in_fn(|signed_in: SignedIn, request: Parts| async move {
        let Some(visitor) = request.extensions.get::<&'static str>() else {
            return http::StatusCode::IM_A_TEAPOT.into_response();
        };
        let cookies = request.headers.get_all(http::header::COOKIE).iter().count();
        assert_eq!(cookies, 1);
        let openid = signed_in.openid();
        Redirect::to(&format!("/welcome?from={visitor}&openid={openid}")).into_response()
    });
    let login = OAuthService::new(app, BASE, StateKey::new(KEY).unwrap(), handler).unwrap();
    let login = login.map_request(|mut request: Request<Body>| {
        request.extensions_mut().insert("session-7");
        request
    });
    let browser = Browser::default();
    let started = login
        .clone()
        .oneshot(browser.request("/start"))
        .await
        .unwrap();
    let cookie = started.headers()[SET_COOKIE].to_str().unwrap();
    let browser = Browser(cookie.split(';').next().map(str::to_owned));
    let back = consent(&sandbox, &location(&started)).await;
    let done = login.oneshot(browser.request(&path(&back))).await.unwrap();
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let location = done.headers()[http::header::LOCATION].to_str().unwrap();
    let openid = sandbox.user("Hui🐠").openid();
    assert_eq!(location, format!("/welcome?from=session-7&openid={openid}"));
}
