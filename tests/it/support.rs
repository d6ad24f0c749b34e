//! What several tests stand on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use tower::{Service, ServiceExt};
use tower_wechat::api::Endpoint;
use tower_wechat::sandbox::{Broken, Sandbox};
use tower_wechat::{Body, BoxFuture, ManualClock};

/// 2026-01-01, a time that stands still.
pub fn clock() -> ManualClock {
    ManualClock::at_unix(1_767_225_600)
}

/// To be held while a test reads what is logged on its thread. With a single subscriber in the
/// process, a place that another thread's test comes to first would stay silent for all.
pub fn second_subscriber() -> tracing::Dispatch {
    tracing::Dispatch::new(tracing_subscriber::registry())
}

pub const STABLE: &str = "/cgi-bin/stable_token";
pub const CLASSIC: &str = "/cgi-bin/token";

/// A call that the crate does not ship, as a host would write it: it sends something.
#[derive(Serialize)]
pub struct Send {
    pub touser: String,
}

#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    pub msgid: u64,
}

impl Endpoint for Send {
    type Response = Sent;
    const PATH: &'static str = "/cgi-bin/message/test/send";
}

pub fn send() -> Send {
    Send {
        touser: "o-测试".to_owned(),
    }
}

pub fn json(body: impl Into<Bytes>) -> Response<Bytes> {
    Response::new(body.into())
}

pub fn status(status: u16, body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// The sandbox, keeping a copy of every request that reaches it.
#[derive(Clone)]
pub struct Recorded {
    sandbox: Sandbox,
    requests: Arc<Mutex<VecDeque<Request<Bytes>>>>,
}

impl Recorded {
    pub fn new(sandbox: &Sandbox) -> Self {
        Self {
            sandbox: sandbox.clone(),
            requests: Arc::default(),
        }
    }

    /// The requests so far of one path.
    pub fn of(&self, path: &str) -> Vec<Request<Bytes>> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| request.uri().path() == path)
            .cloned()
            .collect()
    }
}

impl Service<Request<Bytes>> for Recorded {
    type Response = Response<Bytes>;
    type Error = Broken;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Broken>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.sandbox.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        self.requests.lock().unwrap().push_back(request.clone());
        self.sandbox.call(request)
    }
}

/// The code with which the browser of the sandbox's first user comes back.
pub async fn code(sandbox: &Sandbox, scope: &str) -> String {
    code_of(sandbox, Sandbox::APPID, scope, "").await
}

pub async fn code_of(sandbox: &Sandbox, appid: &str, scope: &str, more: &str) -> String {
    let page = format!(
        "/connect/oauth2/authorize?appid={appid}&redirect_uri=https%3A%2F%2Fshop.example%2Fin&\
         response_type=code&scope={scope}&state=1024{more}"
    );
    let request = Request::get(page).body(Bytes::new()).unwrap();
    let response = sandbox.clone().oneshot(request).await.unwrap();
    assert_eq!(
        response.status(),
        StatusCode::FOUND,
        "{:?}",
        response.body()
    );
    let location = response.headers()[header::LOCATION].to_str().unwrap();
    let query = location
        .strip_prefix("https://shop.example/in?code=")
        .unwrap();
    query.strip_suffix("&state=1024").unwrap().to_owned()
}

/// A request to a JSON route.
pub fn post(route: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(route)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap()
}

/// The status and the envelope of an answer.
pub async fn answer<S>(service: S, request: Request<Body>) -> (StatusCode, serde_json::Value)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = std::convert::Infallible>,
{
    let response = service.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let envelope = serde_json::from_slice(&body.into_bytes()).expect("an envelope");
    (head.status, envelope)
}

/// Lets every task that can run do so.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
