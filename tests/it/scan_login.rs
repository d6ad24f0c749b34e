//! Scan login: which browser gets the result, when, and which does not.

use std::time::Duration;

use axum::Router;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_wechat::sandbox::{Delivery, Push, Sandbox, User};
use tower_wechat::scan_login::{
    MemoryScanStore, PendingLogin, ScanBody, ScanError, ScanLogin, ScanStatus, ScanStore,
    ScannedUser, scanned_fn,
};
use tower_wechat::{Body, Message, Reply, Secret, StoreError, Wechat, handler_fn};

use crate::log::Log;
use crate::over_http::serve;
use crate::support::clock;

struct Kit {
    sandbox: Sandbox,
    wechat: Wechat,
    scans: ScanLogin,
}

impl Kit {
    fn new(configure: impl FnOnce(ScanLogin) -> ScanLogin) -> Self {
        let sandbox = Sandbox::with_clock(clock());
        let wechat = sandbox.wechat();
        let scans = ScanLogin::new(&wechat).answers(
            Reply::text("signed in at shop.example"),
            Reply::text("too late"),
        );
        let scans = configure(scans);
        Self {
            sandbox,
            wechat,
            scans,
        }
    }

    fn user(&self, nickname: &str) -> User {
        self.sandbox.user(nickname)
    }

    async fn push(&self, push: Push) -> Delivery {
        let echo = handler_fn(|message: Message| async move {
            format!("inner {}", message.field("EventKey").unwrap_or_default())
        });
        let handler = self.scans.layer().layer(echo);
        let routes = self
            .wechat
            .routes()
            .on_message(handler)
            .prefix("/v1/service/wx");
        self.sandbox.push(push, routes).await
    }

    /// Scans a code and returns the text that the user reads.
    async fn scan(&self, user: &User, scene: &str) -> Option<String> {
        let delivery = self.push(Push::scan(user, scene)).await;
        Some(delivery.reply()?.text()?.to_owned())
    }

    async fn get(&self, route: &str, cookie: Option<&HeaderValue>) -> Response<ScanBody> {
        let service = self
            .scans
            .service(scanned_fn(|user: ScannedUser, _| async move {
                let mut response = Response::new(Body::from(user.openid));
                *response.status_mut() = StatusCode::FOUND;
                let home = HeaderValue::from_static("/");
                response.headers_mut().insert(LOCATION, home);
                response
            }));
        let request = Request::get(format!("/login/scan{route}"));
        let request = match cookie {
            Some(cookie) => request.header(COOKIE, pair(cookie)),
            None => request,
        };
        let request = request.body(()).unwrap();
        service
            .prefix("/login/scan/")
            .oneshot(request)
            .await
            .unwrap()
    }

    async fn status(&self, pending: &PendingLogin) -> ScanStatus {
        self.scans.wait(pending.id()).await.unwrap()
    }
}

fn pair(cookie: &HeaderValue) -> String {
    let cookie = cookie.to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

fn kit() -> Kit {
    Kit::new(|scans| scans)
}

fn scanned(user: &User, new_follower: bool) -> ScanStatus {
    let appid = user.appid().clone();
    ScanStatus::Scanned(ScannedUser::new(appid, user.openid(), new_follower))
}

#[tokio::test(start_paused = true)]
async fn existing_and_new_followers_sign_in() {
    let kit = kit();
    for (nickname, follows) in [("Hui🐠", true), ("Lin", false)] {
        let user = kit.user(nickname);
        user.set_follows(follows);
        let pending = kit.scans.start().await.unwrap();
        let number = pending.scene().strip_prefix("login-").unwrap();
        assert_eq!(number.len(), 40);
        assert!(number.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(pending.expires_in(), Duration::from_secs(300));
        let text = kit.scan(&user, pending.scene()).await;
        assert_eq!(text.as_deref(), Some("signed in at shop.example"));
        assert_eq!(kit.status(&pending).await, scanned(&user, !follows));
        assert_eq!(
            kit.status(&pending).await,
            scanned(&user, !follows),
            "a lost answer"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_generated_code_signs_in_its_scanner() {
    let kit = kit();
    let app = kit.wechat.app(Sandbox::APPID).unwrap();
    let pending = kit.scans.start().await.unwrap();
    let ticket = app.call(pending.code()).await.unwrap();
    assert_eq!(ticket.expire_seconds, Some(300));
    let handler = kit.scans.layer().layer(handler_fn(|_: Message| async {}));
    let routes = kit.wechat.routes().on_message(handler);
    let user = kit.user("Hui🐠");
    let delivery = kit
        .sandbox
        .scan(&user, &ticket.ticket, routes.prefix("/v1/service/wx"));
    assert!(delivery.await.is_answered());
    assert_eq!(kit.status(&pending).await, scanned(&user, true));
}

#[tokio::test(start_paused = true)]
async fn other_messages_go_to_the_handler() {
    let kit = Kit::new(|scans| scans.prefix("signin_").unwrap());
    let user = kit.user("Hui🐠");
    user.set_follows(true);
    for scene in ["order-42", "login-42", "qrscene_signin_1"] {
        assert_eq!(kit.scan(&user, scene).await, Some(format!("inner {scene}")));
    }
    // The prefix is removed once.
    let other = kit.user("Lin");
    let text = kit.scan(&other, "qrscene_signin_1").await;
    assert_eq!(text.as_deref(), Some("inner qrscene_qrscene_signin_1"));
    for push in [
        Push::text(&user, "signin_"),
        Push::click(&user, "signin_x"),
        Push::subscribe(&user, None),
    ] {
        let delivery = kit.push(push).await;
        assert!(
            delivery
                .reply()
                .unwrap()
                .text()
                .unwrap()
                .starts_with("inner")
        );
    }
    for prefix in ["", "sign in", &"a".repeat(25)] {
        let error = kit.scans.clone().prefix(prefix).unwrap_err();
        assert_eq!(error.field(), Some("prefix"), "{prefix}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_scan_counts() {
    let kit = kit();
    let (first, second) = (kit.user("Hui🐠"), kit.user("Lin"));
    let pending = kit.scans.start().await.unwrap();
    kit.scan(&first, pending.scene()).await;
    let text = kit.scan(&second, pending.scene()).await;
    assert_eq!(text.as_deref(), Some("too late"));
    // The platform retries the same push.
    let text = kit.scan(&first, pending.scene()).await;
    assert_eq!(text.as_deref(), Some("signed in at shop.example"));
    assert_eq!(kit.status(&pending).await, scanned(&first, true));
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_expires() {
    let kit = Kit::new(|scans| scans.expires_in(Duration::from_secs(60)));
    let user = kit.user("Hui🐠");
    let pending = kit.scans.start().await.unwrap();
    kit.sandbox.advance(Duration::from_secs(60));
    let text = kit.scan(&user, pending.scene()).await;
    assert_eq!(text.as_deref(), Some("too late"));
    assert_eq!(kit.status(&pending).await, ScanStatus::Gone);

    // A result expires too.
    let pending = kit.scans.start().await.unwrap();
    kit.scan(&user, pending.scene()).await;
    kit.sandbox.advance(Duration::from_secs(60));
    assert_eq!(kit.status(&pending).await, ScanStatus::Gone);

    // A waiter learns of the expiry at the next call.
    let pending = kit.scans.start().await.unwrap();
    let (scans, id) = (kit.scans.clone(), pending.id().clone());
    let waiting = tokio::spawn(async move { scans.wait(&id).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    kit.sandbox.advance(Duration::from_secs(60));
    kit.scans.start().await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), ScanStatus::Gone);
}

#[tokio::test(start_paused = true)]
async fn the_scene_alone_does_not_give_access_to_the_result() {
    let kit = kit();
    let user = kit.user("Hui🐠");
    let pending = kit.scans.start().await.unwrap();
    kit.scan(&user, pending.scene()).await;
    let id = pending.id().expose();
    assert!(!pending.scene().contains(id));
    let digits = pending.scene().strip_prefix("login-").unwrap();
    for wrong in [pending.scene(), digits, "", &id[1..], &id.to_lowercase()] {
        let status = kit.scans.wait(&Secret::new(wrong)).await.unwrap();
        assert_eq!(status, ScanStatus::Gone, "{wrong}");
        let cookie = HeaderValue::try_from(format!("__Host-wechat-scan={wrong}")).unwrap();
        for route in ["/wait", "/finish"] {
            let response = kit.get(route, Some(&cookie)).await;
            assert_eq!(response.status(), StatusCode::GONE, "{route} {wrong}");
        }
    }
    let shown = format!("{pending:?} {:?} {:?}", pending.cookie(), kit.scans);
    assert!(!shown.contains(id), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn the_number_of_sign_ins_is_limited() {
    let sandbox = Sandbox::with_clock(clock());
    let scans = ScanLogin::new(&sandbox.wechat())
        .store(MemoryScanStore::new(sandbox.clock(), 2))
        .max_waiting(1);
    let first = scans.start().await.unwrap();
    scans.start().await.unwrap();
    assert!(matches!(scans.start().await, Err(ScanError::Full)));
    sandbox.advance(Duration::from_secs(300));
    scans.start().await.unwrap();

    let (waiting, id) = (scans.clone(), scans.start().await.unwrap().id().clone());
    let held = tokio::spawn(async move { waiting.wait(&id).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(matches!(scans.wait(first.id()).await, Err(ScanError::Busy)));
    held.abort();
    assert!(held.await.is_err());
    assert_eq!(scans.wait(first.id()).await.unwrap(), ScanStatus::Gone);
}

#[tokio::test(start_paused = true)]
async fn a_page_polls_and_finishes() {
    let kit = kit();
    let user = kit.user("Hui🐠");
    let pending = kit.scans.start().await.unwrap();
    let cookie = pending.cookie().unwrap();
    let text = cookie.to_str().unwrap();
    assert!(text.starts_with("__Host-wechat-scan="), "{text}");
    assert!(text.ends_with("; Path=/; Max-Age=300; HttpOnly; SameSite=Lax; Secure"));

    let begin = Instant::now();
    let response = kit.get("/wait", Some(&cookie)).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(begin.elapsed().as_secs(), 25);
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    let early = kit.get("/finish", Some(&cookie)).await;
    assert_eq!(early.status(), StatusCode::CONFLICT);

    let begin = Instant::now();
    let (response, _) = tokio::join!(kit.get("/wait", Some(&cookie)), async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        kit.scan(&user, pending.scene()).await
    });
    assert_eq!(
        (response.status(), begin.elapsed().as_secs()),
        (StatusCode::OK, 3)
    );
    for _ in 0..2 {
        let response = kit.get("/finish", Some(&cookie)).await;
        assert_eq!(response.status(), StatusCode::FOUND);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, user.openid());
    }
    for route in ["/wait", "/events", "/finish"] {
        assert_eq!(
            kit.get(route, None).await.status(),
            StatusCode::GONE,
            "{route}"
        );
    }
    assert_eq!(
        kit.get("/else", Some(&cookie)).await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(start_paused = true)]
async fn events_send_keep_alives_until_the_scan_or_the_expiry() {
    let kit = kit();
    let user = kit.user("Hui🐠");
    let pending = kit.scans.start().await.unwrap();
    let cookie = pending.cookie().unwrap();
    let response = kit.get("/events", Some(&cookie)).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body();
    let mut next = async || {
        let frame = body.frame().await?.unwrap();
        Some(frame.into_data().unwrap())
    };
    let begin = Instant::now();
    assert_eq!(next().await.unwrap(), ": waiting\n\n");
    assert_eq!(begin.elapsed().as_secs(), 15);
    kit.scan(&user, pending.scene()).await;
    assert_eq!(next().await.unwrap(), "event: scanned\ndata: {}\n\n");
    assert_eq!(next().await, None);

    let pending = kit.scans.start().await.unwrap();
    let response = kit.get("/events", pending.cookie().as_ref()).await;
    kit.sandbox.advance(Duration::from_secs(300));
    let events = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(events, "event: gone\ndata: {}\n\n");
}

#[tokio::test]
async fn events_come_over_a_socket_as_they_happen() {
    let kit = Kit::new(ScanLogin::plain_http);
    let user = kit.user("Hui🐠");
    let service = kit.scans.service(scanned_fn(|_: ScannedUser, _| async {
        Response::new(Body::empty())
    }));
    let address = serve(Router::new().nest_service("/login/scan", service)).await;
    let pending = kit.scans.start().await.unwrap();
    let cookie = pending.cookie().unwrap();
    assert!(!cookie.to_str().unwrap().contains("Secure"));

    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /login/scan/events HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\n\
         Connection: close\r\n\r\n",
        pair(&cookie)
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 4096];
    let read = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
    assert!(
        head.starts_with("http/1.1 200") && head.contains("text/event-stream"),
        "{head}"
    );
    assert!(!head.contains("event: "));

    kit.scan(&user, pending.scene()).await;
    let mut rest = String::new();
    let read = stream.read_to_string(&mut rest);
    tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .unwrap()
        .unwrap();
    assert!(rest.contains("event: scanned\ndata: {}\n\n"), "{rest}");
}

#[tokio::test(start_paused = true)]
async fn clones_of_the_memory_store_share_the_sign_ins() {
    let store = MemoryScanStore::new(clock(), 10);
    let [page, pushes] = [(); 2].map(|()| Kit::new(|scans| scans.store(store.clone())));
    let user = pushes.user("Hui🐠");
    let pending = page.scans.start().await.unwrap();
    let (status, text) = tokio::join!(page.status(&pending), async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        pushes.scan(&user, pending.scene()).await
    });
    assert_eq!(text.as_deref(), Some("signed in at shop.example"));
    assert_eq!(status, scanned(&user, true));
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_may_have_a_life_beyond_the_clock() {
    let kit = Kit::new(|scans| scans.expires_in(Duration::MAX));
    let pending = kit.scans.start().await.unwrap();
    kit.sandbox.advance(Duration::from_secs(365 * 24 * 3600));
    assert_eq!(kit.status(&pending).await, ScanStatus::Waiting);
}

/// A store that fails, like one on a network.
struct Down {
    is_logged: bool,
}

impl Down {
    fn error(&self) -> StoreError {
        match self.is_logged {
            true => StoreError::logged("down"),
            false => StoreError::new("down"),
        }
    }
}

impl ScanStore for Down {
    async fn open(&self, _: &str, _: Duration) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn complete(&self, _: &str, _: ScannedUser) -> Result<bool, StoreError> {
        Err(self.error())
    }

    async fn wait(&self, _: &str) -> Result<Option<ScannedUser>, StoreError> {
        Err(self.error())
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_makes_the_platform_retry() {
    let kit = Kit::new(|scans| scans.store(Down { is_logged: false }));
    let pending = kit.scans.start().await.unwrap();
    let cookie = pending.cookie().unwrap();
    let delivery = kit
        .push(Push::scan(&kit.user("Hui🐠"), pending.scene()))
        .await;
    assert!(!delivery.is_answered());
    for route in ["/wait", "/finish"] {
        let response = kit.get(route, Some(&cookie)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    let events = kit.get("/events", Some(&cookie)).await.into_body();
    assert_eq!(
        events.collect().await.unwrap().to_bytes(),
        "retry: 5000\n\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_the_store_has_logged_is_not_logged_again() {
    for is_logged in [false, true] {
        let kit = Kit::new(|scans| scans.store(Down { is_logged }));
        let pending = kit.scans.start().await.unwrap();
        let log = Log::default();
        let _listens = log.listen();
        kit.get("/wait", pending.cookie().as_ref()).await;
        assert_eq!(log.text().contains("could not wait"), !is_logged);
    }
}
