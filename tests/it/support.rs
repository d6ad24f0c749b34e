//! Shared by several tests.

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

/// A manual clock at 2026-01-01.
pub fn clock() -> ManualClock {
    ManualClock::at_unix(1_767_225_600)
}

/// Returns a second subscriber, to hold while a test reads the log of its thread. With a single
/// subscriber in the process, `tracing` caches a callsite's interest as "never" when another thread
/// reaches it first, and the test would miss its events.
pub fn second_subscriber() -> tracing::Dispatch {
    tracing::Dispatch::new(tracing_subscriber::registry())
}

pub const STABLE: &str = "/cgi-bin/stable_token";
pub const CLASSIC: &str = "/cgi-bin/token";

/// A custom endpoint that sends something.
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

/// The sandbox with a copy of every request it receives.
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

    /// Returns the requests so far to one path.
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

/// Returns the code with which the browser of the sandbox's first user returns.
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

/// Returns a request to a JSON route.
pub fn post(route: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(route)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap()
}

/// Returns the status and the envelope of a response.
pub async fn answer<S>(service: S, request: Request<Body>) -> (StatusCode, serde_json::Value)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = std::convert::Infallible>,
{
    let response = service.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let envelope = serde_json::from_slice(&body.into_bytes()).expect("an envelope");
    (head.status, envelope)
}

/// Lets every ready task run.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// The log of a test's thread, while the subscriber from [`Log::capture`] is set.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn capture(&self, level: tracing::Level) -> impl Sized + use<> {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let set = tracing::subscriber::set_default(subscriber);
        (second_subscriber(), set)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub fn lines_with(&self, part: &str) -> usize {
        self.text()
            .lines()
            .filter(|line| line.contains(part))
            .count()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A connection to which raw requests are written.
pub struct Wire(tokio::io::BufReader<tokio::net::TcpStream>);

impl Wire {
    /// Connects to an address, which may be a base URL such as `http://127.0.0.1:80`.
    pub async fn to(address: impl ToString) -> Self {
        let address = address.to_string();
        let address = address.strip_prefix("http://").unwrap_or(&address);
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        Self(tokio::io::BufReader::new(stream))
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        use tokio::io::AsyncWriteExt;
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    /// Writes to a peer that may have closed the connection.
    pub async fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        use tokio::io::AsyncWriteExt;
        self.0.get_mut().write_all(bytes).await
    }

    /// Returns the status, head and body of the next response, which has a `Content-Length`.
    pub async fn answer(&mut self) -> (u16, String, String) {
        use tokio::io::{AsyncBufReadExt, AsyncReadExt};
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.0.read_line(&mut head).await.unwrap();
            assert_ne!(read, 0, "the connection ended after {head:?}");
        }
        // hyper writes header names in lower case.
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let len = head.split("content-length: ").nth(1).unwrap();
        let len: usize = len.split('\r').next().unwrap().parse().unwrap();
        let mut body = vec![0; len];
        self.0.read_exact(&mut body).await.unwrap();
        (status, head, String::from_utf8(body).unwrap())
    }

    pub async fn get(&mut self, path: &str, headers: &[(&str, &[u8])]) -> (u16, String, String) {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
        for (name, value) in headers {
            request.extend_from_slice(name.as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        self.write(&request).await;
        self.answer().await
    }

    pub async fn post(&mut self, path: &str, body: &str) -> (u16, String, String) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.write(request.as_bytes()).await;
        self.answer().await
    }

    /// Counts the occurrences of a text until the connection ends.
    pub async fn count_of(&mut self, text: &str) -> usize {
        use tokio::io::AsyncReadExt;
        let mut all = Vec::new();
        // A reset counts as an end.
        let _ = self.0.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).matches(text).count()
    }

    /// Returns whether the peer closes the connection within `limit` without sending a byte.
    pub async fn closes_within(&mut self, limit: Duration) -> bool {
        use tokio::io::AsyncReadExt;
        let read = tokio::time::timeout(limit, self.0.read_u8()).await;
        read.is_ok_and(|read| read.is_err())
    }
}
