//! One public callback that forwards to several environments, over sockets and in process.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{any, any_service};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use tokio::net::TcpListener;
use tower::{Service, ServiceExt, service_fn};
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::deadline::HandlerTracker;
use tower_wechat::callback::forward::{
    Failure, Forward, ForwardBuilder, ForwardError, Rule, Target,
};
use tower_wechat::callback::signature::sign;
use tower_wechat::callback::{Format, Mode, Recipient};
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::{Attempt, Delivery, Push, Sandbox, User};
use tower_wechat::{
    AppId, Body, BoxError, BoxFuture, Callback, CallbackKeys, Error, ErrorKind, Message, Reply,
    handler_fn,
};

use super::support::{AES_KEY, MODES, OTHER_KEY, Platform, Sealed};

const TOKEN: &str = "thetargetstoken";

/// The platform side of a target in this mode.
fn platform(mode: Mode) -> Platform {
    Platform::new(mode).token(TOKEN).aes_key(OTHER_KEY)
}

fn keys(mode: Mode) -> CallbackKeys {
    platform(mode).keys()
}

fn recipient(mode: Mode, appid: &AppId) -> Recipient {
    platform(mode).appid(appid.as_str()).recipient()
}

fn target(name: &str, url: &str, mode: Mode) -> Target {
    Target::new(name, url, keys(mode)).unwrap()
}

/// Serves an environment on a socket and returns its address.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/wxmsg")
}

type Seen = Arc<Mutex<Vec<String>>>;

/// An environment with this crate's callback, which records the documents it received.
fn environment(mode: Mode, appid: &AppId) -> (Router, Seen) {
    let seen = Seen::default();
    let documents = Arc::clone(&seen);
    let handler = handler_fn(move |message: Message| {
        documents.lock().unwrap().push(message.raw().to_owned());
        async move {
            format!(
                "you wrote {}",
                message.field("Content").unwrap_or("nothing")
            )
        }
    });
    let callback = Callback::new(recipient(mode, appid), handler);
    (Router::new().route("/wxmsg", any_service(callback)), seen)
}

/// An environment that always responds with this status and body.
fn answering(status: u16, body: impl Into<String>) -> Router {
    let answer = (StatusCode::from_u16(status).unwrap(), body.into());
    Router::new().route("/wxmsg", any(async move || answer.clone().into_response()))
}

fn over_sockets() -> ForwardBuilder {
    Forward::builder(ReqwestTransport::new().unwrap())
}

/// Pushes into the public callback of the sandbox's apps, which forwards to the targets.
async fn push(sandbox: &Sandbox, forward: &Forward, push: Push) -> Delivery {
    let routes = sandbox.wechat().routes().on_message(forward.clone());
    sandbox.push(push, routes.prefix("/v1/service/wx")).await
}

fn assert_unanswered(delivery: &Delivery, what: &str) {
    let failed = |attempt: &Attempt| matches!(attempt, Attempt::Status(500));
    assert_eq!(delivery.attempts.len(), 3, "{what}: {delivery:?}");
    assert!(delivery.attempts.iter().all(failed), "{what}: {delivery:?}");
}

/// Returns the sandbox with an app in each mode and a user of each.
fn sandbox() -> (Sandbox, Vec<(Mode, User)>) {
    let sandbox = Sandbox::new();
    let users = MODES.map(|mode| {
        let appid = sandbox.add_app(format!("wx-{mode:?}"), mode).unwrap();
        (mode, sandbox.user("Hui").at(&appid))
    });
    (sandbox, users.into())
}

#[tokio::test]
async fn a_push_is_forwarded_byte_for_byte_and_its_reply_reaches_the_user() {
    let (sandbox, users) = sandbox();
    let content = "你好 ]]> <b>&amp;</b>\r\n\t \u{1f41f} + %2B '\"";
    for (front, user) in &users {
        for behind in MODES {
            let (environment, seen) = environment(behind, user.appid());
            let forward = over_sockets()
                .default_target(target("dev", &serve(environment).await, behind))
                .build()
                .unwrap();
            let received = Seen::default();
            let documents = Arc::clone(&received);
            let tapped = forward.clone().map_request(move |message: Message| {
                documents.lock().unwrap().push(message.raw().to_owned());
                message
            });
            // The public callback is on a socket too.
            let routes = sandbox.wechat().routes().on_message(tapped);
            let base = serve(Router::new().nest_service("/wxmsg", routes)).await;
            sandbox.set_callback_url(user.appid(), format!("{base}/wxmsg/{}", user.appid()));
            let carrier = ReqwestTransport::new()
                .unwrap()
                .map_request(|request: Request<Body>| request.map(Body::into_bytes))
                .map_response(|response: Response<Bytes>| response.map(Body::from));

            let delivery = sandbox.push(Push::text(user, content), carrier).await;
            let reply = delivery
                .reply()
                .unwrap_or_else(|| panic!("{front:?} {behind:?}: {delivery:?}"));
            assert_eq!(reply.text(), Some(&*format!("you wrote {content}")));
            assert_eq!(reply.is_encrypted(), *front != Mode::Plaintext);
            assert_eq!(*seen.lock().unwrap(), *received.lock().unwrap());
            assert_eq!(seen.lock().unwrap().len(), 1);
            let (_, counts) = forward.counts().next().unwrap();
            assert_eq!((counts.answered, counts.failed), (1, 0));
        }
    }
}

#[tokio::test]
async fn a_reply_in_any_format_reaches_the_user_unchanged() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    let reply = |message: &Message| {
        format!(
            "<xml>\n <ToUserName>{}</ToUserName>\n <FromUserName>{}</FromUserName>\n\
             <CreateTime>7</CreateTime><MsgType>of tomorrow</MsgType><New a='b'>&lt;</New>\n</xml>\n",
            message.from_user_name(),
            message.to_user_name(),
        )
    };
    let written = Seen::default();
    let documents = Arc::clone(&written);
    let appid = sandbox.appid();
    let environment = any(async move |body: Bytes| {
        let text = String::from_utf8(body.to_vec()).unwrap();
        let document = reply(&Message::parse(appid, text).unwrap());
        documents.lock().unwrap().push(document.clone());
        document
    });
    let url = serve(Router::new().route("/wxmsg", environment)).await;
    let forward = over_sockets()
        .default_target(target("dev", &url, Mode::Plaintext))
        .build()
        .unwrap();
    let delivery = push(&sandbox, &forward, Push::text(&user, "hi")).await;
    let document = delivery.reply().unwrap().document().raw().to_owned();
    assert_eq!([document], **written.lock().unwrap());
}

#[tokio::test]
async fn an_answer_that_is_not_a_reply_makes_the_platform_retry() {
    let patience = Duration::from_millis(700);
    let sandbox = Sandbox::new().patience(patience);
    let (appid, user) = (sandbox.appid(), sandbox.user("Hui"));
    let page = "<html><body><h1>Welcome</h1></body></html>";
    let to = |openid: &str| {
        format!(
            "<xml><ToUserName>{openid}</ToUserName><FromUserName>gh_1</FromUserName>\
             <MsgType>text</MsgType><Content>hi</Content></xml>"
        )
    };
    let sealed = |appid: &str, token: &str, key: &str| {
        let platform = Platform::new(Mode::Secure).appid(appid).token(token);
        let platform = platform.aes_key(key).timestamp(1).random([7; 16]);
        let Sealed {
            encrypt, signature, ..
        } = platform.seal(&to("o2"));
        format!(
            "<xml><Encrypt>{encrypt}</Encrypt><MsgSignature>{signature}</MsgSignature>\
             <TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>"
        )
    };
    let id = appid.as_str();
    let cases = [
        ("a page with 500", 500, page.to_owned(), Mode::Plaintext),
        ("success with 500", 500, "success".into(), Mode::Plaintext),
        ("success with 202", 202, "success".into(), Mode::Plaintext),
        ("nothing with 204", 204, String::new(), Mode::Plaintext),
        ("a page", 200, page.into(), Mode::Plaintext),
        (
            "a page with a type",
            200,
            format!("<!DOCTYPE html>{page}"),
            Mode::Plaintext,
        ),
        (
            "JSON",
            200,
            r#"{"code":0,"msg":"success"}"#.into(),
            Mode::Plaintext,
        ),
        (
            "a broken document",
            200,
            "<xml><ToUserName>".into(),
            Mode::Plaintext,
        ),
        ("another user's", 200, to("o2"), Mode::Plaintext),
        ("too much", 200, "x".repeat(70_000), Mode::Plaintext),
        ("a clear one", 200, to(&user.openid()), Mode::Secure),
        (
            "an encrypted one",
            200,
            sealed(id, TOKEN, OTHER_KEY),
            Mode::Plaintext,
        ),
        (
            "a forged one",
            200,
            sealed(id, "another", OTHER_KEY),
            Mode::Secure,
        ),
        (
            "another key's",
            200,
            sealed(id, TOKEN, AES_KEY),
            Mode::Secure,
        ),
        (
            "another app's",
            200,
            sealed("wx1", TOKEN, OTHER_KEY),
            Mode::Secure,
        ),
        (
            "another user's sealed",
            200,
            sealed(id, TOKEN, OTHER_KEY),
            Mode::Secure,
        ),
    ];
    let mut pushes = tokio::task::JoinSet::new();
    for (what, status, body, mode) in cases {
        let url = serve(answering(status, body)).await;
        let forward = over_sockets()
            .default_target(target("dev", &url, mode))
            .build()
            .unwrap();
        let (sandbox, text) = (sandbox.clone(), Push::text(&user, "hi"));
        pushes.spawn(async move {
            let delivery = push(&sandbox, &forward, text).await;
            let (_, counts) = forward.counts().next().unwrap();
            (what, delivery, counts)
        });
    }
    let done = pushes.join_all().await;
    assert_eq!(done.len(), 16);
    for (what, delivery, counts) in done {
        assert_unanswered(&delivery, what);
        assert_eq!((counts.answered, counts.failed), (0, 3), "{what}");
    }
}

/// A body longer than the limit, which then stalls forever.
struct Stalling {
    left: usize,
}

impl http_body::Body for Stalling {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return std::task::Poll::Pending;
        }
        self.left -= 1;
        let frame = http_body::Frame::data(Bytes::from_static(&[b' '; 1 << 10]));
        std::task::Poll::Ready(Some(Ok(frame)))
    }
}

#[tokio::test]
async fn the_body_of_an_answer_is_read_up_to_the_limit() {
    let stalling = async || axum::body::Body::new(Stalling { left: 80 });
    let url = serve(Router::new().route("/wxmsg", any(stalling))).await;
    let forward = over_sockets()
        .default_target(target("dev", &url, Mode::Plaintext))
        .build()
        .unwrap();
    let error = forward.oneshot(text("hi")).await.unwrap_err();
    assert_eq!(failure_in(&error), Failure::Answer("the body is too long"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let sandbox = Sandbox::new().patience(Duration::from_millis(300));
    let user = sandbox.user("Hui");
    let (environment, seen) = environment(Mode::Plaintext, &sandbox.appid());
    let elsewhere = serve(environment).await;
    let answer = move || {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, elsewhere.parse().unwrap());
        (StatusCode::TEMPORARY_REDIRECT, headers)
    };
    let redirecting = Router::new().route("/wxmsg", any(async move || answer()));
    let forward = over_sockets()
        .default_target(target("dev", &serve(redirecting).await, Mode::Plaintext))
        .build()
        .unwrap();
    let delivery = push(&sandbox, &forward, Push::text(&user, "hi")).await;
    assert_unanswered(&delivery, "a redirect");
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_slow_or_unreachable_target_makes_the_platform_retry() {
    let sandbox = Sandbox::new().patience(Duration::from_millis(900));
    let user = sandbox.user("Hui");
    let slow = Router::new().route(
        "/wxmsg",
        any(async || {
            tokio::time::sleep(Duration::from_secs(60)).await;
            "success"
        }),
    );
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let breaks = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broken = format!("http://{}/wxmsg", breaks.local_addr().unwrap());
    tokio::spawn(async move { while breaks.accept().await.is_ok() {} });
    for (url, failure) in [
        (serve(slow).await, Failure::Timeout),
        (format!("http://{address}/wxmsg"), Failure::Connect),
        (broken, Failure::Transport),
    ] {
        let dev = target("dev", &url, Mode::Secure).timeout(Duration::from_millis(400));
        let forward = over_sockets().default_target(dev).build().unwrap();
        let delivery = push(&sandbox, &forward, Push::text(&user, "hi")).await;
        assert_unanswered(&delivery, &url);
        let error = forward.oneshot(text("hi")).await.unwrap_err();
        assert_eq!(failure_in(&error), failure);
    }
}

#[tokio::test]
async fn a_target_gets_the_pushes_it_missed() {
    let sandbox = Sandbox::new().patience(Duration::from_millis(100));
    let (environment, seen) = environment(Mode::Secure, &sandbox.appid());
    let failures = Arc::new(Mutex::new(vec![503, 500]));
    let environment = Wired::new(move |request| {
        let (environment, status) = (environment.clone(), failures.lock().unwrap().pop());
        async move {
            match status {
                Some(status) => Ok(answer(status, "down")),
                None => call_router(environment, request).await,
            }
        }
    });
    let dev = target("dev", "https://dev.example/wxmsg", Mode::Secure);
    let forward = Forward::builder(environment)
        .default_target(dev)
        .build()
        .unwrap();
    let delivery = push(&sandbox, &forward, Push::text(&sandbox.user("Hui"), "hi")).await;
    assert!(
        matches!(
            &*delivery.attempts,
            [Attempt::Status(500), Attempt::Status(500), Attempt::Reply(reply)]
                if reply.text() == Some("you wrote hi")
        ),
        "{delivery:?}"
    );
    assert_eq!(seen.lock().unwrap().len(), 1);
}

// In process: the transport is a function.

fn message(text: impl Into<String>) -> Message {
    Message::parse(AppId::new(Sandbox::APPID).unwrap(), text.into()).unwrap()
}

fn text(content: &str) -> Message {
    of(
        "o1",
        &format!("<MsgType>text</MsgType><Content>{content}</Content>"),
    )
}

fn event(event: &str, key: &str) -> Message {
    let fields = "<MsgType>event</MsgType>";
    of(
        "o1",
        &format!("{fields}<Event>{event}</Event><EventKey>{key}</EventKey>"),
    )
}

fn of(openid: &str, fields: &str) -> Message {
    message(format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName>{fields}</xml>"
    ))
}

fn answer(status: u16, body: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn failure_in(error: &BoxError) -> Failure {
    let error: &ForwardError = error.downcast_ref().unwrap();
    assert_eq!(error.target(), "dev");
    error.failure()
}

/// A transport that calls a function and records the requests.
#[derive(Clone)]
struct Wired {
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
    exchange: Arc<dyn Fn(Request<Bytes>) -> Exchange + Send + Sync>,
}

type Exchange = BoxFuture<'static, Result<Response<Bytes>, BoxError>>;

impl Wired {
    fn new<F, Fut>(exchange: F) -> Self
    where
        F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Response<Bytes>, BoxError>> + Send + 'static,
    {
        Self {
            requests: Arc::default(),
            exchange: Arc::new(move |request| Box::pin(exchange(request))),
        }
    }

    fn success() -> Self {
        Self::new(async |_| Ok(answer(200, "success")))
    }

    /// Returns the hosts requested since the last call, in order.
    fn hosts(&self) -> Vec<String> {
        let mut requests = self.requests.lock().unwrap();
        let host = |request: Request<Bytes>| request.uri().host().unwrap().to_owned();
        requests.drain(..).map(host).collect()
    }
}

impl Service<Request<Bytes>> for Wired {
    type Response = Response<Bytes>;
    type Error = BoxError;
    type Future = Exchange;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Exchange {
        self.requests.lock().unwrap().push(request.clone());
        (self.exchange)(request)
    }
}

/// Calls an environment without a socket.
async fn call_router<S, B>(service: S, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError>
where
    S: Service<Request<axum::body::Body>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    use http_body_util::BodyExt;
    let response = service.oneshot(request.map(axum::body::Body::from)).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(Into::into)?.to_bytes();
    Ok(Response::from_parts(head, body))
}

/// Returns a handler that forwards everything to `dev`.
fn to_dev(transport: Wired, mode: Mode) -> Forward {
    let dev = target("dev", "https://dev.example/wxmsg", mode);
    Forward::builder(transport)
        .default_target(dev)
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_forwarded_request_is_the_same_as_the_platforms() {
    let json = r#"{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"text","Content":"hi"} "#;
    let xml = text("hi");
    for (mode, push, content_type) in [
        (Mode::Plaintext, &xml, "text/xml"),
        (Mode::Compatible, &xml, "text/xml"),
        (Mode::Secure, &xml, "text/xml"),
        (Mode::Plaintext, &message(json), "application/json"),
        (Mode::Compatible, &message(json), "application/json"),
        (Mode::Secure, &message(json), "application/json"),
    ] {
        let wire = Wired::success();
        let reply = to_dev(wire.clone(), mode)
            .oneshot(push.clone())
            .await
            .unwrap();
        assert_eq!(reply, Reply::none());
        let request = wire.requests.lock().unwrap().pop().unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri().path(), "/wxmsg");
        assert_eq!(request.headers().len(), 1);
        assert_eq!(request.headers()[header::CONTENT_TYPE], content_type);
        let query: BTreeMap<String, String> =
            form_urlencoded::parse(request.uri().query().unwrap().as_bytes())
                .into_owned()
                .collect();
        let signature = sign([TOKEN, &query["timestamp"], &query["nonce"]]);
        assert_eq!(query["signature"], signature.to_string());
        assert_eq!(query["openid"], "o1");
        let body = String::from_utf8(request.into_body().to_vec()).unwrap();
        if mode == Mode::Plaintext {
            assert_eq!((query.len(), &*body), (4, push.raw()));
            continue;
        }
        assert_eq!((query.len(), &*query["encrypt_type"]), (6, "aes"));
        let envelope = message(body);
        let encrypt = envelope.field("Encrypt").unwrap();
        let signature = sign([TOKEN, &query["timestamp"], &query["nonce"], encrypt]);
        assert_eq!(query["msg_signature"], signature.to_string());
        let decrypted = AesKey::parse(OTHER_KEY).unwrap().decrypt(encrypt).unwrap();
        assert_eq!(decrypted.message, push.raw());
        assert_eq!(decrypted.appid, Sandbox::APPID);
        assert_eq!(envelope.to_user_name(), "gh_1");
        let clear = envelope.field("Content");
        assert_eq!(clear, Some("hi").filter(|_| mode == Mode::Compatible));
    }
}

#[tokio::test]
async fn a_json_push_and_its_reply_are_forwarded_in_every_mode() {
    let json = r#"{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"text","Content":"a\"b"}"#;
    for mode in MODES {
        let (environment, seen) = environment(mode, &AppId::new(Sandbox::APPID).unwrap());
        let wire = Wired::new(move |request| call_router(environment.clone(), request));
        let forward = to_dev(wire, mode);
        // The push as a callback in front of this one sends it.
        let appid = AppId::new(Sandbox::APPID).unwrap();
        let front = Callback::new(recipient(Mode::Plaintext, &appid), forward);
        let answers = Seen::default();
        let bodies = Arc::clone(&answers);
        let platform = Wired::new(move |request| {
            let (front, bodies) = (front.clone(), Arc::clone(&bodies));
            async move {
                let response = call_router(front, request).await?;
                let body = String::from_utf8(response.body().to_vec()).unwrap();
                bodies.lock().unwrap().push(body);
                Ok(response)
            }
        });
        let passed = to_dev(platform, Mode::Plaintext).oneshot(message(json));
        passed.await.unwrap();
        let answer = message(answers.lock().unwrap().remove(0));
        assert_eq!(answer.field("Content"), Some("you wrote a\"b"));
        assert_eq!(
            (answer.to_user_name(), answer.format()),
            ("o1", Format::Json)
        );
        assert_eq!(*seen.lock().unwrap(), [json]);
    }
}

#[tokio::test]
async fn the_first_matching_rule_decides() {
    let at = |name: &str| target(name, &format!("https://{name}.example/"), Mode::Plaintext);
    let wire = Wired::success();
    let forward = Forward::builder(wire.clone())
        .rule(
            Rule::any().openids(["o2"]).events(["scan", ""]),
            at("tester"),
        )
        .rule(Rule::any().scene_prefix("order-"), at("orders"))
        .rule(
            Rule::any().events(["Subscribe", "unsubscribe"]),
            at("follow"),
        )
        .rule(Rule::any().events([""]).openids(["o3"]), at("chat"))
        .default_target(at("idc"))
        .build()
        .unwrap();
    let written = "<MsgType>text</MsgType>";
    let scan = "<MsgType>event</MsgType><Event>SCAN</Event><EventKey>order-1</EventKey>";
    for (push, name) in [
        (of("o2", written), "tester"),
        (of("o2", scan), "tester"),
        (of("o1", scan), "orders"),
        (event("subscribe", "qrscene_order-1"), "orders"),
        (event("subscribe", "qrscene_shop-1"), "follow"),
        (event("subscribe", ""), "follow"),
        (event("unsubscribe", ""), "follow"),
        (event("CLICK", "order-1"), "idc"),
        (of("o3", written), "chat"),
        (of("o1", written), "idc"),
        (
            of("o2", "<MsgType>event</MsgType><Event>VIEW</Event>"),
            "idc",
        ),
    ] {
        let document = push.raw().to_owned();
        forward.clone().oneshot(push).await.unwrap();
        assert_eq!(wire.hosts(), [format!("{name}.example")], "{document}");
    }
}

#[tokio::test]
async fn a_push_without_a_matching_rule_may_be_handled_locally() {
    let dev = target("dev", "https://dev.example/", Mode::Plaintext);
    let wire = Wired::success();
    let forward = Forward::builder(wire.clone())
        .rule(Rule::any().events(["SCAN"]), dev)
        .fallback(handler_fn(async |message: Message| {
            match message.field("Content") {
                Some("fail") => Err("no such thing"),
                content => Ok(content.map(str::to_uppercase)),
            }
        }))
        .build()
        .unwrap();
    let reply = forward.clone().oneshot(text("hi")).await.unwrap();
    assert_eq!(reply, Reply::text("HI"));
    let error = forward.clone().oneshot(text("fail")).await.unwrap_err();
    assert_eq!(error.to_string(), "no such thing");
    assert!(wire.hosts().is_empty());
    forward.oneshot(event("SCAN", "1")).await.unwrap();
    assert_eq!(wire.hosts(), ["dev.example"]);
}

#[tokio::test(start_paused = true)]
async fn only_pushes_that_did_not_reach_the_target_are_retried() {
    let connect = || Error::transport(ErrorKind::Connect, "refused");
    for (errors, tries, failure) in [
        (vec![connect()], 2, None),
        (vec![connect(), connect()], 2, Some(Failure::Connect)),
        (
            vec![Error::transport(ErrorKind::Transport, "reset")],
            1,
            Some(Failure::Transport),
        ),
        (
            vec![Error::transport(ErrorKind::Timeout, "late")],
            1,
            Some(Failure::Timeout),
        ),
    ] {
        let errors = Arc::new(Mutex::new(errors));
        let wire = Wired::new(move |_| {
            let error = errors.lock().unwrap().pop();
            async move { error.map_or_else(|| Ok(answer(200, "success")), |it| Err(it.into())) }
        });
        let answered = to_dev(wire.clone(), Mode::Secure).oneshot(text("hi")).await;
        assert_eq!(answered.err().map(|error| failure_in(&error)), failure);
        assert_eq!(wire.hosts().len(), tries);
    }
    // Any other transport error may mean that the push has arrived, so it is not retried.
    let wire = Wired::new(async |_| Err("https://dev.example/?signature=".into()));
    let error = to_dev(wire.clone(), Mode::Secure)
        .oneshot(text("hi"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "target \"dev\": the connection broke");
    assert!(error.source().is_none() && wire.hosts().len() == 1);
}

#[tokio::test]
async fn a_push_that_does_not_fit_into_a_url_is_not_sent() {
    let wire = Wired::success();
    let push = of(&"o".repeat(65_500), "<MsgType>text</MsgType>");
    let error = to_dev(wire.clone(), Mode::Plaintext)
        .oneshot(push)
        .await
        .unwrap_err();
    assert_eq!(failure_in(&error), Failure::Request);
    assert!(wire.hosts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_target_has_four_seconds_in_total() {
    let start = tokio::time::Instant::now();
    let wire = Wired::new(async |_| std::future::pending().await);
    let error = to_dev(wire, Mode::Secure)
        .oneshot(text("hi"))
        .await
        .unwrap_err();
    assert_eq!(failure_in(&error), Failure::Timeout);
    assert_eq!(start.elapsed(), Duration::from_secs(4));

    let wire = Wired::new(async |_| {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Err(Error::transport(ErrorKind::Connect, "slow and refused").into())
    });
    let error = to_dev(wire, Mode::Secure)
        .oneshot(text("hi"))
        .await
        .unwrap_err();
    assert_eq!(failure_in(&error), Failure::Timeout);
    assert_eq!(start.elapsed(), Duration::from_secs(8));
}

#[tokio::test(start_paused = true)]
async fn concurrent_requests_to_a_target_are_limited() {
    let wire = Wired::new(async |_| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(answer(200, "success"))
    });
    let dev = target("dev", "https://dev.example/", Mode::Plaintext).max_concurrent(2);
    // Both rules have the same target and share its limit.
    let forward = Forward::builder(wire.clone())
        .rule(Rule::any().events([""]), dev.clone())
        .default_target(dev)
        .build()
        .unwrap();
    let start = tokio::time::Instant::now();
    let first = tokio::spawn(forward.clone().oneshot(text("1")));
    let second = tokio::spawn(forward.clone().oneshot(event("SCAN", "2")));
    tokio::task::yield_now().await;
    for push in [text("3"), event("SCAN", "4")] {
        let error = forward.clone().oneshot(push).await.unwrap_err();
        assert_eq!(failure_in(&error), Failure::Busy);
        assert!(start.elapsed().is_zero());
    }
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    forward.clone().oneshot(text("5")).await.unwrap();
    assert_eq!(forward.counts().count(), 1);
    let (name, counts) = forward.counts().next().unwrap();
    assert_eq!((name, counts.answered, counts.refused), ("dev", 3, 2));
    // A caller that goes away frees its slot.
    for _ in 0..4 {
        let gone = tokio::spawn(forward.clone().oneshot(text("6")));
        tokio::task::yield_now().await;
        gone.abort();
        let _ = gone.await;
    }
    forward.oneshot(text("7")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shadow_gets_a_copy_and_cannot_answer_or_delay() {
    let wire = Wired::new(async |request: Request<Bytes>| match request.uri().host() {
        Some("hangs.example") => std::future::pending().await,
        Some("fails.example") => Ok(answer(500, "")),
        Some("breaks.example") => panic!("a shadow's transport"),
        Some("talks.example") => Ok(answer(
            200,
            "<xml><ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName>\
             <MsgType>text</MsgType><Content>the shadow</Content></xml>",
        )),
        _ => Ok(answer(200, "success")),
    });
    let at = |name: &str| target(name, &format!("https://{name}.example/"), Mode::Secure);
    let forward = Forward::builder(wire.clone())
        .shadow(Rule::any(), at("hangs").max_concurrent(1))
        .shadow(Rule::any(), at("fails"))
        .shadow(Rule::any(), at("breaks"))
        .shadow(
            Rule::any(),
            target("talks", "https://talks.example/", Mode::Plaintext),
        )
        .shadow(Rule::any().events(["SCAN"]), at("scans"))
        .fallback(handler_fn(async |_: Message| "the host"))
        .build()
        .unwrap();
    let start = tokio::time::Instant::now();
    for _ in 0..2 {
        let reply = forward.clone().oneshot(text("hi")).await.unwrap();
        assert_eq!(reply, Reply::text("the host"));
    }
    assert!(start.elapsed().is_zero());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut hosts = wire.hosts();
    hosts.sort();
    assert_eq!(
        hosts,
        [
            "breaks.example",
            "breaks.example",
            "fails.example",
            "fails.example",
            "hangs.example",
            "talks.example",
            "talks.example"
        ]
    );
    let counts: BTreeMap<_, _> = forward.counts().collect();
    assert_eq!((counts["hangs"].failed, counts["hangs"].refused), (1, 1));
    assert_eq!((counts["fails"].failed, counts["talks"].answered), (2, 2));
    assert_eq!(counts["scans"], Default::default());
}

#[tokio::test]
async fn a_configuration_that_loses_or_exposes_pushes_is_rejected() {
    let at = |name: &str, url: &str| target(name, url, Mode::Plaintext);
    let dev = || at("dev", "https://dev.example/");
    let builder = || Forward::builder(Wired::success());
    let none: [&str; 0] = [];
    let local = handler_fn(async |_: Message| {});
    for (built, said) in [
        (builder().rule(Rule::any(), dev()), "no default"),
        (builder(), "default_target"),
        (
            builder().default_target(dev()).fallback(local),
            "two defaults",
        ),
        (
            builder().rule(Rule::any(), dev()).default_target(dev()),
            "two targets are called \"dev\"",
        ),
        (
            builder().default_target(at("dev", "http://dev.example/")),
            "must begin with https://",
        ),
        (
            builder().default_target(dev().max_concurrent(0)),
            "concurrency of target \"dev\" must be at least 1",
        ),
        (
            builder()
                .allow_http_hosts(["dev.example.org"])
                .default_target(at("dev", "http://dev.example/")),
            "must begin with https://",
        ),
        (
            builder()
                .rule(Rule::any().events(none), dev())
                .fallback(local),
            "which no push can match",
        ),
    ] {
        let error = built.build().unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    let built = builder()
        .allow_http_hosts(["10.0.0.7", "DEV.example"])
        .rule(Rule::any(), at("dev", "http://dev.example:8080/"))
        .default_target(at("idc", "http://10.0.0.7/"))
        .build();
    assert_eq!(format!("{:?}", built.unwrap()), r#"["dev", "idc"]"#);
}

#[tokio::test]
async fn debug_output_and_logs_show_no_secret() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = Writer(Arc::clone(&log));
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _second = crate::support::second_subscriber();
    let guard = tracing::subscriber::set_default(subscriber);
    let url = "https://dev.example/secretpath";
    let wire = Wired::new(async |request: Request<Bytes>| match request.uri().path() {
        "/secretpath" => Ok(answer(200, "<html>thetargetsownwords</html>")),
        _ => Err(request.uri().to_string().into()),
    });
    let dev = target("dev", url, Mode::Secure);
    let lost = target("lost", "https://lost.example/secretplace", Mode::Secure);
    let builder = Forward::builder(wire).shadow(Rule::any(), lost.clone());
    let mut shown = format!("{dev:?} {lost:?} {builder:?}");
    let forward = builder.default_target(dev).build().unwrap();
    let error = forward
        .clone()
        .oneshot(text("privatewords"))
        .await
        .unwrap_err();
    shown += &format!("{forward:?} {error} {error:?}");
    let callback = Callback::new(
        recipient(Mode::Plaintext, &AppId::new(Sandbox::APPID).unwrap()),
        forward.clone(),
    );
    let outer = Wired::new(move |request| call_router(callback.clone(), request));
    let error = to_dev(outer, Mode::Plaintext)
        .oneshot(text("privatewords"))
        .await
        .unwrap_err();
    assert_eq!(failure_in(&error), Failure::Status(500));
    tokio::time::sleep(Duration::from_millis(10)).await;
    drop(guard);
    shown += &String::from_utf8(log.lock().unwrap().clone()).unwrap();
    assert!(
        shown.contains("a shadow failed") && shown.contains("the handler failed"),
        "{shown}"
    );
    for said in [
        "a shadow failed error=target \"lost\": the connection broke",
        "target \"dev\": its answer is not a reply: a plaintext reply in secure mode",
    ] {
        assert!(shown.contains(said), "{said} is not in {shown}");
    }
    for secret in [
        TOKEN,
        OTHER_KEY,
        "secretp",
        "signature=",
        "privatewords",
        "thetargetsownwords",
    ] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[derive(Clone)]
struct Writer(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Composes the forwarder as applications do.
#[tokio::test]
async fn a_forward_is_a_handler() {
    fn handler<H>(_: &H)
    where
        H: Service<Message, Response = Reply, Error = BoxError> + Clone + Send + Sync + 'static,
    {
    }
    let transport =
        service_fn(async |_: Request<Bytes>| Ok::<_, Infallible>(answer(200, "success")));
    let dev = target("dev", "https://dev.example/", Mode::Plaintext);
    let forward = Forward::builder(transport)
        .default_target(dev)
        .build()
        .unwrap();
    handler(&forward);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_copies_to_shadows() {
    let handlers = HandlerTracker::with_max(0);
    let wire = Wired::new(async |_: Request<Bytes>| {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok(answer(200, "success"))
    });
    let shadow = target("shadow", "https://shadow.example/", Mode::Plaintext);
    let forward = Forward::builder(wire)
        .shadow(Rule::any(), shadow)
        .fallback(handler_fn(|_: Message| async { Reply::none() }))
        .handlers(&handlers)
        .build()
        .unwrap();
    forward.oneshot(text("hi")).await.unwrap();
    assert_eq!(handlers.running(), 1);
    let grace = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
    assert_eq!(handlers.drain(grace(1)).await, 1);
    assert_eq!(handlers.drain(grace(10)).await, 0);
}

/// The acknowledgement, which is not a message, reaches the platform unchanged.
#[tokio::test]
async fn an_acknowledgement_of_the_target_is_returned() {
    for behind in MODES {
        let appid = AppId::new("wx3cc8fd6963e31a32").unwrap();
        let handler = handler_fn(|_: Message| async { Reply::acknowledged(0, "success") });
        let callback = Callback::new(recipient(behind, &appid), handler);
        let router = Router::new().route("/wxmsg", any_service(callback));
        let forward = over_sockets()
            .default_target(target("dev", &serve(router).await, behind))
            .build()
            .unwrap();
        for document in [
            r#"{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"event","Event":"xpay_goods_deliver_notify"}"#,
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><MsgType>event</MsgType>\
             <Event>xpay_goods_deliver_notify</Event></xml>",
        ] {
            let message = Message::parse(appid.clone(), document.into()).unwrap();
            let reply = forward.clone().oneshot(message).await.unwrap();
            let expected = match document.starts_with('{') {
                true => r#"{"ErrCode":0,"ErrMsg":"success"}"#,
                false => "<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>",
            };
            assert_eq!(reply, Reply::raw(expected).unwrap(), "{behind:?}");
        }
    }
}
