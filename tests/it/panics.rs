//! Panics in the application's code: the request gets 500 and the server continues. Each case uses
//! one connection, which an uncaught panic would close.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use bytes::Bytes;
use http::header::{LOCATION, SET_COOKIE};
use http::{Response, StatusCode, Uri};
use serde::{Deserialize, Serialize, Serializer};
use tower::{Service, ServiceExt, service_fn};
use tower_wechat::oauth::{OAuthService, Rejection, SignedIn, StateKey};
use tower_wechat::routes::{Failure, JsonRoute, JsonService};
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::scan_login::{ScanError, ScanLogin, ScanStore, ScannedUser, scanned_fn};
use tower_wechat::{Body, BoxError, BoxFuture, Message, StoreError, handler_fn};

use crate::over_http::serve;
use crate::support::{Log, Wire};

const SECRET: &str = "s3cr3t-in-the-payload";

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{SECRET}");
        }
    }
}

/// A route that panics where the request says.
struct Panics;

impl Clone for Panics {
    fn clone(&self) -> Self {
        Self
    }
}

#[derive(Deserialize)]
struct PanicRequest {
    place: String,
}

struct PanicAnswer(String);

impl Serialize for PanicAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            "serialize" => panic!("{SECRET}"),
            "serialize error" => Err(serde::ser::Error::custom(SECRET)),
            place => serializer.serialize_str(place),
        }
    }
}

impl JsonRoute for Panics {
    const NAME: &'static str = "panics";
    type Request = PanicRequest;
    type Answer = PanicAnswer;

    #[allow(
        clippy::manual_async_fn,
        reason = "the creation of the future panics too"
    )]
    fn answer(
        self,
        asked: PanicRequest,
    ) -> impl Future<Output = Result<PanicAnswer, Failure>> + Send {
        assert_ne!(asked.place, "creation", "{SECRET}");
        async move {
            tokio::task::yield_now().await;
            let _bomb = (asked.place == "drop").then(|| Bomb);
            match &*asked.place {
                "poll" => panic!("{SECRET}"),
                "any" => std::panic::panic_any(Bomb),
                "wait" => std::future::pending().await,
                _ => Ok(PanicAnswer(asked.place)),
            }
        }
    }
}

#[tokio::test]
async fn a_panicking_json_route_answers_500_and_keeps_the_connection() {
    let log = Log::default();
    let _capture = log.capture(tracing::Level::TRACE);
    let route = JsonService::from_route(Panics).unprotected();
    let address = serve(Router::new().route_service("/panics", route)).await;
    let mut wire = Wire::to(address).await;
    for (place, errors) in [
        ("creation", 1),
        ("poll", 1),
        ("any", 1),
        ("drop", 1),
        ("serialize", 1),
        ("serialize error", 1),
        ("nowhere", 0),
    ] {
        let before = log.lines_with("ERROR");
        let asked = format!(r#"{{"place":"{place}"}}"#);
        let (status, _, body) = wire.post("/panics", &asked).await;
        if errors == 0 {
            assert_eq!(status, 200, "{body}");
        } else {
            assert_eq!(status, 500, "{place}: {body}");
            let envelope: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(envelope["ret"]["code"], 3_584_001, "{body}");
            let id = envelope["ret"]["request_id"].as_str().unwrap();
            assert!(log.text().contains(id), "the log line names the request");
        }
        assert_eq!(log.lines_with("ERROR") - before, errors, "{place}");
    }
    assert!(!log.text().contains(SECRET), "{}", log.text());
}

#[tokio::test]
async fn a_route_whose_clone_panics_answers_500() {
    struct Unclonable;
    impl Clone for Unclonable {
        fn clone(&self) -> Self {
            panic!("{SECRET}")
        }
    }
    impl JsonRoute for Unclonable {
        const NAME: &'static str = "unclonable";
        type Request = PanicRequest;
        type Answer = String;
        async fn answer(self, asked: PanicRequest) -> Result<String, Failure> {
            Ok(asked.place)
        }
    }
    let mut service = JsonService::from_route(Unclonable)
        .unprotected()
        .failures_as_200();
    let response = service.call(crate::support::post("/", "{}")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().into_bytes();
    let envelope: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(envelope["ret"]["code"], 3_584_001);
}

#[tokio::test]
async fn a_route_that_panics_when_its_caller_disconnects_affects_no_other_request() {
    struct Waits;
    impl Clone for Waits {
        fn clone(&self) -> Self {
            Self
        }
    }
    impl JsonRoute for Waits {
        const NAME: &'static str = "waits";
        type Request = PanicRequest;
        type Answer = String;
        async fn answer(self, _: PanicRequest) -> Result<String, Failure> {
            let _bomb = Bomb;
            std::future::pending().await
        }
    }
    let log = Log::default();
    let _capture = log.capture(tracing::Level::INFO);
    let mut service = JsonService::from_route(Waits).unprotected();
    let answer = service.call(crate::support::post("/", r#"{"place":""}"#));
    let hung_up = tokio::time::timeout(Duration::from_millis(10), answer);
    assert!(hung_up.await.is_err());
    assert_eq!(log.lines_with("ERROR"), 1, "{}", log.text());
    assert!(!log.text().contains(SECRET));
}

/// Returns the path and the cookie with which a browser returns from the platform.
async fn back<H>(sandbox: &Sandbox, login: &OAuthService<H>) -> (String, String)
where
    H: Service<http::Request<SignedIn>, Response = Response<Body>> + Clone + Send + 'static,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    let start = http::Request::get("/start").body(Body::empty()).unwrap();
    let start = login.clone().oneshot(start).await.unwrap();
    let path = |response: &http::HeaderMap| {
        let location = response[LOCATION].to_str().unwrap();
        let location = location.trim_end_matches("#wechat_redirect");
        let uri: Uri = location.parse().unwrap();
        uri.path_and_query().unwrap().to_string()
    };
    let page = http::Request::get(path(start.headers()));
    let page = page.body(Bytes::new()).unwrap();
    let back = sandbox.clone().oneshot(page).await.unwrap();
    let cookie = start.headers()[SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    (path(back.headers()), cookie.to_owned())
}

/// An application error whose `Display` panics.
#[derive(Debug)]
struct Unprintable;

impl std::fmt::Display for Unprintable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("{SECRET}")
    }
}

impl std::error::Error for Unprintable {}

#[tokio::test]
async fn a_sign_in_whose_handler_or_page_panics_answers_500() {
    let log = Log::default();
    let _capture = log.capture(tracing::Level::TRACE);
    for (place, page_panics) in [
        ("call", false),
        ("poll", false),
        ("poll", true),
        ("drop", false),
        ("error", false),
    ] {
        let sandbox = Sandbox::new();
        let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
        let key = StateKey::new("a key of thirty-two bytes or more").unwrap();
        let handler = service_fn(move |_: http::Request<SignedIn>| {
            assert_ne!(place, "call", "{SECRET}");
            async move {
                let _bomb = (place == "drop").then(|| Bomb);
                match place {
                    "poll" => panic!("{SECRET}"),
                    "error" => Err(Unprintable),
                    _ => Ok(Response::new(Body::empty())),
                }
            }
        });
        let login = OAuthService::new(app, "http://shop.example/login", key, handler);
        let login = login.unwrap().rejection_page(move |rejection, _| {
            assert!(!page_panics, "{SECRET}");
            let mut response = Response::new(Body::from("a page of the host's"));
            *response.status_mut() = rejection.status();
            assert!(matches!(
                rejection,
                Rejection::Handler | Rejection::ReturnTo | Rejection::Request
            ));
            response
        });
        let (path, cookie) = back(&sandbox, &login).await;
        let address = serve(Router::new().nest_service("/login", login)).await;
        let mut wire = Wire::to(address).await;
        let before = log.lines_with("ERROR");
        let (status, head, body) = wire.get(&path, &[("Cookie", cookie.as_bytes())]).await;
        assert_eq!(status, 500, "{place}: {body}");
        assert!(head.contains("no-store"), "{head}");
        assert_eq!(
            body.contains("a page of the host's"),
            !page_panics,
            "{body}"
        );
        // The handler's panic and the page's.
        let errors = 1 + usize::from(page_panics);
        assert_eq!(log.lines_with("ERROR") - before, errors, "{}", log.text());

        for path in ["/login/start?return_to=//evil.example", "/login/done"] {
            let (status, _, body) = wire.get(path, &[]).await;
            let expected = if page_panics { 500 } else { 400 };
            if path.ends_with("done") && !page_panics {
                // A missing code is rejected, so a 4xx here would mean a bug in the test.
                assert_eq!(status, 500, "{body}");
            } else {
                assert_eq!(status, expected, "{path}: {body}");
            }
        }
    }
    assert!(!log.text().contains(SECRET), "{}", log.text());
}

/// A store that panics in one of its methods.
struct Store {
    place: &'static str,
    late: bool,
}

impl Store {
    fn panics<T: Send + 'static>(
        &self,
        place: &str,
        answer: T,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let here = self.place == place;
        assert!(!here || self.late, "{SECRET}");
        Box::pin(async move {
            assert!(!here, "{SECRET}");
            Ok(answer)
        })
    }
}

impl ScanStore for Store {
    fn open(&self, _: &str, _: Duration) -> impl Future<Output = Answer<bool>> + Send {
        self.panics("open", true)
    }

    fn complete(&self, _: &str, _: ScannedUser) -> impl Future<Output = Answer<bool>> + Send {
        self.panics("complete", true)
    }

    fn wait(&self, _: &str) -> impl Future<Output = Answer<Option<ScannedUser>>> + Send {
        let user = ScannedUser::new(Sandbox::new().appid(), "o1", false);
        self.panics("wait", Some(user))
    }

    fn close(&self, _: &str) -> impl Future<Output = Answer<bool>> + Send {
        self.panics("close", true)
    }
}

type Answer<T> = Result<T, StoreError>;

#[tokio::test]
async fn a_scan_login_whose_store_or_handler_panics_answers_500() {
    let log = Log::default();
    let _capture = log.capture(tracing::Level::TRACE);
    for late in [false, true] {
        for place in ["open", "complete", "wait", "close", "key", "handler"] {
            let sandbox = Sandbox::new();
            let wechat = sandbox.wechat();
            let scans = ScanLogin::new(&wechat)
                .plain_http()
                .store(Store { place, late })
                .pending_per_client(1)
                .client_key(move |_| {
                    assert_ne!(place, "key", "{SECRET}");
                    "one"
                });
            let pages = scans.service(scanned_fn(move |_: ScannedUser, _| {
                assert!(place != "handler" || late, "{SECRET}");
                async move {
                    assert_ne!(place, "handler", "{SECRET}");
                    Response::new(Body::empty())
                }
            }));
            let begin = {
                let scans = scans.clone();
                async move |request: Request| {
                    let (request, _) = request.into_parts();
                    match scans.start_for(&request).await {
                        Ok(_) => StatusCode::OK,
                        Err(ScanError::Panicked) => StatusCode::INTERNAL_SERVER_ERROR,
                        Err(error) => panic!("{error}"),
                    }
                }
            };
            let router = Router::new()
                .route("/begin", get(begin))
                .nest_service("/scan", pages);
            let mut wire = Wire::to(serve(router).await).await;
            let before = log.lines_with("ERROR");
            let cookie = format!("wechat-scan={}", "a".repeat(32));
            let cookie = [("Cookie", cookie.as_bytes())];
            let begun = [
                wire.get("/begin", &[]).await.0,
                wire.get("/begin", &[]).await.0,
            ];
            let expected = match place {
                "open" | "key" => [500, 500],
                "close" => [200, 500],
                _ => [200, 200],
            };
            assert_eq!(begun, expected, "{place}");
            let answers = [
                wire.get("/scan/wait", &cookie).await.0,
                wire.get("/scan/finish", &cookie).await.0,
            ];
            let expected = match place {
                "wait" => [500, 500],
                "handler" => [200, 500],
                _ => [200, 200],
            };
            assert_eq!(answers, expected, "{place}");
            let errors = match place {
                "open" | "key" | "wait" => 2,
                "close" | "handler" => 1,
                _ => 0,
            };
            assert_eq!(log.lines_with("ERROR") - before, errors, "{place}");

            let handler = tower::Layer::layer(
                &scans.layer(),
                handler_fn(|_: Message| async { Ok::<_, Infallible>(()) }),
            );
            let routes = wechat.routes().on_message(handler).prefix("/v1/service/wx");
            let scan = format!("login-{}", "0".repeat(40));
            let scan = Push::scan(&sandbox.user("Hui"), &scan);
            let answered = sandbox.push(scan, routes).await.is_answered();
            assert_eq!(answered, place != "complete");
        }
    }
    assert!(!log.text().contains(SECRET), "{}", log.text());
}
