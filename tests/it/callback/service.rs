//! Responses to pushes and to URL verifications, genuine and forged.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tower::{Service, ServiceExt};
use tower_wechat::callback::{HandlerFn, Mode, Recipient, Rejection};
use tower_wechat::{
    AppId, Body, BoxError, BoxFuture, Callback, CallbackKeys, Event, ManualClock, Message, Reply,
    handler_fn,
};

use super::support::{AES_KEY, MODES, NOW, OTHER_KEY, Platform, Push, TOKEN};

const APPID: &str = "wxba5fad812f8e6fb9";

const TEXT: &str = "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content>";
const SUBSCRIBE: &str = "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event>\
    <EventKey><![CDATA[qrscene_order-42]]></EventKey><Ticket><![CDATA[gQEx]]></Ticket>";
const SCAN: &str = "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[SCAN]]></Event>\
    <EventKey><![CDATA[order-42]]></EventKey><Ticket><![CDATA[gQEx]]></Ticket>";

fn recipient(keys: CallbackKeys) -> Recipient {
    keys.for_app(AppId::new(APPID).unwrap())
}

async fn on_message(msg: Message) -> Reply {
    match msg.event() {
        Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
        Event::Subscribe(s) => Reply::text(match s.scene() {
            Some(x) => format!("welcome via {x}"),
            None => "welcome".into(),
        }),
        Event::Text(text) => Reply::text(text.content()),
        _ => Reply::none(),
    }
}

fn callback_of<H>(keys: CallbackKeys, handler: H) -> Callback<H> {
    Callback::new(recipient(keys), handler).clock(ManualClock::at_unix(NOW))
}

type Handler = HandlerFn<fn(Message) -> BoxFuture<'static, Reply>>;

fn callback(mode: Mode) -> Callback<Handler> {
    callback_of(
        keys(mode),
        handler_fn(|message| Box::pin(on_message(message))),
    )
}

fn document(fields: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>\
         <CreateTime>{NOW}</CreateTime>{fields}<MsgId>25000000000000001</MsgId></xml>"
    )
}

/// A platform that pushes JSON if `document` is JSON, and XML otherwise.
fn platform(mode: Mode, document: &str) -> Platform {
    let clear = match mode {
        _ if document.starts_with('{') => r#"{"ToUserName":"gh_1"}"#.to_owned(),
        Mode::Compatible => self::document("<MsgType>text</MsgType><Content>clear</Content>"),
        _ => "<xml></xml>".to_owned(),
    };
    let platform = Platform::new(mode).appid(APPID).aes_key(OTHER_KEY);
    platform.nonce("nonce1").openid("o1").clear(clear)
}

fn keys(mode: Mode) -> CallbackKeys {
    platform(mode, "").keys()
}

fn push(mode: Mode, document: &str) -> Push {
    platform(mode, document).push(document)
}

/// Returns the reply document, verified and decrypted.
async fn open(push: &Push, response: Response<Body>) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    let body = text(response).await;
    if push.platform.mode != Mode::Plaintext {
        let envelope = Message::parse(AppId::new(APPID).unwrap(), body.clone()).unwrap();
        let nonce = envelope.field("Nonce").unwrap();
        // The reply has a fresh timestamp and nonce.
        assert_eq!(envelope.field("TimeStamp"), Some(&*(NOW + 1).to_string()));
        assert!(
            nonce.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{nonce}"
        );
    }
    push.platform.open(&body)
}

/// Returns the document of a text reply.
fn reply(content: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]>\
         </FromUserName><CreateTime>{NOW}</CreateTime><MsgType><![CDATA[text]]>\
         </MsgType><Content><![CDATA[{content}]]></Content></xml>"
    )
}

async fn send<H, B>(callback: &Callback<H>, request: Request<B>) -> Response<Body>
where
    Callback<H>: Service<Request<B>, Response = Response<Body>, Error = Infallible> + Clone,
{
    callback.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.into()).unwrap()
}

/// The response is the same for every failed check; only the extension has the reason.
async fn assert_forbidden(response: Response<Body>, reason: Rejection) {
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(response.headers().is_empty(), "{:?}", response.headers());
    assert_eq!(response.body().rejection(), Some(reason));
    assert_eq!(text(response).await, "");
}

/// Returns a URL verification.
fn echo(timestamp: u64, token: &str) -> Push {
    let platform = platform(Mode::Secure, "").timestamp(timestamp);
    platform.token(token).echo("<b>0042</b>")
}

/// A body that panics when it is polled.
struct Untouchable;

impl http_body::Body for Untouchable {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body was read");
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[tokio::test]
async fn echostr_is_returned_verbatim_in_every_mode() {
    for mode in MODES {
        let response = send(&callback(mode), echo(NOW, TOKEN).request()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/plain; charset=utf-8"
        );
        assert_eq!(
            response.headers()[header::X_CONTENT_TYPE_OPTIONS],
            "nosniff"
        );
        assert_eq!(text(response).await, "<b>0042</b>");
    }
}

#[tokio::test]
async fn encrypted_echostr_is_not_decrypted() {
    let encrypt = platform(Mode::Secure, "").random([1; 16]).encrypt("42");
    let mut echo = echo(NOW, TOKEN);
    let request = echo.set("echostr", &*encrypt).request();
    let response = send(&callback(Mode::Secure), request).await;
    assert_eq!(text(response).await, encrypt);
}

#[tokio::test]
async fn verification_parameters_are_required_unique_and_checked() {
    let callback = callback(Mode::Secure);
    for name in ["signature", "timestamp", "nonce", "echostr"] {
        let good = echo(NOW, TOKEN);
        let mut missing = good.clone();
        let mut empty = good.clone();
        let mut twice = good.clone();
        for (request, reason) in [
            (missing.without(name).request(), Rejection::MissingParameter),
            (empty.set(name, "").request(), Rejection::MissingParameter),
            (
                twice.again(name, good.get(name)).request(),
                Rejection::DuplicateParameter,
            ),
        ] {
            assert_forbidden(send(&callback, request).await, reason).await;
        }
    }
    for (name, value, reason) in [
        ("signature", "0".repeat(40), Rejection::Signature),
        ("signature", "short".into(), Rejection::Signature),
        ("timestamp", (NOW + 1).to_string(), Rejection::Signature),
        ("timestamp", format!("0{NOW}"), Rejection::Timestamp),
        ("timestamp", format!("+{NOW}"), Rejection::Timestamp),
        ("timestamp", "x".into(), Rejection::Timestamp),
        ("nonce", "other".into(), Rejection::Signature),
    ] {
        let wrong = echo(NOW, TOKEN).set(name, value).request();
        assert_forbidden(send(&callback, wrong).await, reason).await;
    }
    let foreign = echo(NOW, "anothertoken").request();
    assert_forbidden(send(&callback, foreign).await, Rejection::Signature).await;
    let bare = Request::get("/wxmsg").body(Body::empty()).unwrap();
    assert_forbidden(send(&callback, bare).await, Rejection::MissingParameter).await;
}

#[tokio::test]
async fn timestamps_outside_the_window_are_rejected_unless_the_window_is_off() {
    let callback = callback(Mode::Secure);
    for (time, fresh) in [
        (NOW - 600, true),
        (NOW + 600, true),
        (NOW - 601, false),
        (NOW + 601, false),
        (1_000_000_000, false),
        (9_999_999_999, false),
    ] {
        let response = send(&callback, echo(time, TOKEN).request()).await;
        match fresh {
            true => assert_eq!(response.status(), StatusCode::OK),
            false => assert_forbidden(response, Rejection::StaleTimestamp).await,
        }
        let open = callback.clone().timestamp_window(None);
        let response = send(&open, echo(time, TOKEN).request()).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    let narrow = callback.timestamp_window(Some(Duration::from_secs(5)));
    let response = send(&narrow, echo(NOW - 6, TOKEN).request()).await;
    assert_forbidden(response, Rejection::StaleTimestamp).await;
}

#[tokio::test]
async fn pushes_are_answered_in_every_mode() {
    for mode in MODES {
        for (fields, answer) in [
            (TEXT, "hello"),
            (SUBSCRIBE, "welcome via order-42"),
            (SCAN, "scene order-42"),
        ] {
            let push = push(mode, &document(fields));
            let response = send(&callback(mode), push.request()).await;
            assert_eq!(
                response.headers()[header::CONTENT_TYPE],
                "text/xml; charset=utf-8"
            );
            assert_eq!(open(&push, response).await, reply(answer));
        }
        let link = push(mode, &document("<MsgType>link</MsgType>"));
        assert_eq!(
            text(send(&callback(mode), link.request()).await).await,
            "success"
        );
    }
}

#[tokio::test]
async fn a_json_push_gets_a_json_reply_in_every_mode() {
    let json = r#"{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"text","Content":"你\"好"}"#;
    for mode in MODES {
        let push = push(mode, json);
        let response = send(&callback(mode), push.request()).await;
        let content_type = &response.headers()[header::CONTENT_TYPE];
        assert_eq!(content_type, "application/json; charset=utf-8");
        assert_eq!(
            open(&push, response).await,
            format!(
                r#"{{"ToUserName":"o1","FromUserName":"gh_1","CreateTime":{NOW},"MsgType":"text","Content":"你\"好"}}"#
            )
        );
    }
}

#[tokio::test]
async fn the_previous_token_and_key_are_accepted_while_keys_rotate() {
    let old = AES_KEY;
    let of = |token: &str, key: &str| {
        let platform = platform(Mode::Secure, "").token(token).aes_key(key);
        platform.push(&document(TEXT))
    };
    let outdated = of("oldtoken", old);
    let response = send(&callback(Mode::Secure), outdated.request()).await;
    assert_forbidden(response, Rejection::Signature).await;

    let keys = keys(Mode::Secure).previous_token("oldtoken").unwrap();
    let half = callback_of(keys.clone(), handler_fn(on_message));
    assert_forbidden(
        send(&half, outdated.request()).await,
        Rejection::Undecryptable,
    )
    .await;

    let whole = callback_of(keys.previous_aes_key(old).unwrap(), handler_fn(on_message));
    for (token, aes_key) in [
        ("oldtoken", old),
        (TOKEN, OTHER_KEY),
        ("oldtoken", OTHER_KEY),
        (TOKEN, old),
    ] {
        let push = of(token, aes_key);
        // The reply uses the keys of the push.
        let response = send(&whole, push.request()).await;
        assert_eq!(open(&push, response).await, reply("hello"));
    }
}

#[tokio::test]
async fn a_push_of_another_mode_is_refused() {
    for mode in [Mode::Compatible, Mode::Secure] {
        let callback = callback(mode);
        let plain = push(Mode::Plaintext, &document(TEXT));
        assert_forbidden(
            send(&callback, plain.request()).await,
            Rejection::NotEncrypted,
        )
        .await;

        let good = push(mode, &document(TEXT));
        let without = |name| good.clone().without(name).request();
        let with = |name, value| good.clone().without(name).again(name, value).request();
        let body = |body: &str| good.clone().body(body).request();
        for (request, reason) in [
            (without("encrypt_type"), Rejection::NotEncrypted),
            (with("encrypt_type", "raw"), Rejection::NotEncrypted),
            (with("encrypt_type", "AES"), Rejection::NotEncrypted),
            (without("msg_signature"), Rejection::MissingParameter),
            (with("msg_signature", ""), Rejection::MissingParameter),
            (with("msg_signature", "00"), Rejection::MsgSignature),
            (
                with("msg_signature", good.get("signature")),
                Rejection::MsgSignature,
            ),
            (body(&document(TEXT)), Rejection::NoCiphertext),
            (body("success"), Rejection::NoCiphertext),
            (body("<xml><Encrypt/></xml>"), Rejection::NoCiphertext),
        ] {
            assert_forbidden(send(&callback, request).await, reason).await;
        }
    }
    let callback = callback(Mode::Plaintext);
    let mut encrypted = push(Mode::Secure, &document(TEXT));
    let response = send(&callback, encrypted.request()).await;
    assert_forbidden(response, Rejection::Encrypted).await;
    let posed = encrypted.without("encrypt_type").without("msg_signature");
    let response = send(&callback, posed.request()).await;
    assert_forbidden(response, Rejection::Encrypted).await;
}

#[tokio::test]
async fn only_the_encrypted_part_of_a_compatible_push_is_used() {
    let push = push(Mode::Compatible, &document(TEXT));
    assert!(push.body_text().contains("<Content>clear</Content>"));
    let response = send(&callback(Mode::Compatible), push.request()).await;
    assert_eq!(open(&push, response).await, reply("hello"));
}

#[tokio::test]
async fn another_apps_ciphertext_is_refused() {
    for appid in ["wx0000000000000001", "", "wxba5fad812f8e6fb9 "] {
        let push = platform(Mode::Secure, "")
            .appid(appid)
            .push(&document(TEXT));
        let response = send(&callback(Mode::Secure), push.request()).await;
        assert_forbidden(response, Rejection::OtherApp).await;
    }
}

#[tokio::test]
async fn authentic_but_malformed_push_is_400() {
    let doctype = "<!DOCTYPE xml [<!ENTITY e \"x\">]><xml>&e;</xml>";
    for mode in MODES {
        for wrong in ["<xml><A></xml>", doctype, "hello"] {
            let push = push(mode, wrong);
            let response = send(&callback(mode), push.request()).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            assert_eq!(response.body().rejection(), Some(Rejection::Malformed));
            assert_eq!(text(response).await, "");
        }
    }
}

#[tokio::test]
async fn body_size_is_limited() {
    let fill = |len: usize| document(&format!("<Content>{}</Content>", "x".repeat(len)));
    let head = fill(0).len();
    let callback = callback(Mode::Plaintext).body_limit(head + 100);
    let at = push(Mode::Plaintext, &fill(100)).request();
    assert_eq!(send(&callback, at).await.status(), StatusCode::OK);

    let beyond = push(Mode::Plaintext, &fill(101));
    let too_large = |response: Response<Body>| {
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(response.body().rejection(), Some(Rejection::BodyTooLarge));
    };
    too_large(send(&callback, beyond.request()).await);
    // Without a known length, the limit applies while the body is read.
    let (parts, body) = beyond.request().into_parts();
    let frames = Frames(body.collect().await.unwrap().to_bytes());
    too_large(send(&callback, Request::from_parts(parts, frames)).await);
    // A body that announces a larger length is not read.
    let (mut parts, _) = beyond.request().into_parts();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, "99999999".parse().unwrap());
    too_large(send(&callback, Request::from_parts(parts, Untouchable)).await);

    let (parts, _) = beyond.request().into_parts();
    let huge = Full::<Bytes>::from(vec![b' '; 65 * 1024]);
    let callback = self::callback(Mode::Plaintext);
    too_large(send(&callback, Request::from_parts(parts, huge)).await);
}

/// A body in frames of ten bytes, without a size hint.
struct Frames(Bytes);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let len = self.0.len().min(10);
        let frame = self.0.split_to(len);
        Poll::Ready((len > 0).then_some(Ok(Frame::data(frame))))
    }
}

#[tokio::test]
async fn a_body_in_many_frames_is_read_whole() {
    let push = push(Mode::Secure, &document(TEXT));
    let (parts, body) = push.request().into_parts();
    let frames = Frames(body.collect().await.unwrap().to_bytes());
    let response = send(&callback(Mode::Secure), Request::from_parts(parts, frames)).await;
    assert_eq!(open(&push, response).await, reply("hello"));
}

#[tokio::test]
async fn truncated_body_is_400() {
    struct Broken;
    impl http_body::Body for Broken {
        type Data = Bytes;
        type Error = BoxError;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Ready(Some(Err("gone".into())))
        }
    }
    let request = push(Mode::Secure, &document(TEXT)).request_with(Broken);
    let response = send(&callback(Mode::Secure), request).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.body().rejection(), Some(Rejection::BodyUnread));
}

#[tokio::test]
async fn the_body_of_a_forged_push_is_never_read() {
    let mut forged = push(Mode::Secure, &document(TEXT));
    forged.set("signature", "0".repeat(40));
    let request = forged.request_with(Untouchable);
    let response = send(&callback(Mode::Secure), request).await;
    assert_forbidden(response, Rejection::Signature).await;
}

#[tokio::test]
async fn other_methods_are_405() {
    for method in [Method::PUT, Method::HEAD, Method::DELETE, Method::OPTIONS] {
        let mut request = echo(NOW, TOKEN).request();
        *request.method_mut() = method;
        let response = send(&callback(Mode::Secure), request).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET, POST");
    }
}

#[tokio::test]
async fn failed_or_panicked_handler_makes_the_platform_retry() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = handler_fn(move |_: Message| {
        let call = counted.fetch_add(1, Ordering::Relaxed);
        assert_ne!(call, 0, "panics before its future is made");
        async move {
            tokio::task::yield_now().await;
            match call {
                1 => panic!("panics in its future"),
                2 => Err("fails"),
                _ => Ok("works"),
            }
        }
    });
    let callback = callback_of(keys(Mode::Secure), handler);
    let push = push(Mode::Secure, &document(TEXT));
    for _ in 0..3 {
        let response = send(&callback, push.request()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().is_empty());
        assert_eq!(text(response).await, "");
    }
    let response = send(&callback, push.request()).await;
    assert_eq!(open(&push, response).await, reply("works"));
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn handler_is_polled_only_for_verified_pushes() {
    #[derive(Clone)]
    struct Unready;
    impl Service<Message> for Unready {
        type Response = ();
        type Error = BoxError;
        type Future = std::future::Ready<Result<(), BoxError>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Err("asked".into()))
        }
        fn call(&mut self, _: Message) -> Self::Future {
            std::future::ready(Ok(()))
        }
    }
    let callback = callback_of(keys(Mode::Secure), Unready);
    let verified = push(Mode::Secure, &document(TEXT));
    let response = send(&callback, verified.request()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let platform = platform(Mode::Secure, "").token("anothertoken");
    let foreign = platform.push(&document(TEXT));
    let response = send(&callback, foreign.request()).await;
    assert_forbidden(response, Rejection::Signature).await;
}

#[tokio::test]
async fn handlers_may_return_any_supported_type() {
    async fn answer<H>(handler: H) -> String
    where
        H: Service<Message, Error = Infallible> + Clone,
        H::Response: tower_wechat::IntoReply,
    {
        let push = push(Mode::Plaintext, &document(TEXT));
        let callback = callback_of(keys(Mode::Plaintext), handler);
        text(send(&callback, push.request()).await).await
    }
    assert_eq!(answer(handler_fn(|_| async {})).await, "success");
    assert_eq!(
        answer(handler_fn(|_| async { None::<Reply> })).await,
        "success"
    );
    assert_eq!(answer(handler_fn(|_| async { "" })).await, "success");
    assert_eq!(
        answer(handler_fn(|_| async { "a text" })).await,
        reply("a text")
    );
    assert_eq!(
        answer(handler_fn(|_| async { Some(String::from("a text")) })).await,
        reply("a text")
    );
    let fails = |_| async { Err::<Option<Reply>, _>(std::fmt::Error) };
    assert_eq!(answer(handler_fn(fails)).await, "");
}

#[test]
fn callback_is_send_and_sync_and_debug_shows_no_secret() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    fn sent<T: Send + 'static>(_: &T) {}
    let mut callback = callback(Mode::Secure);
    shared(&callback);
    shared(&recipient(keys(Mode::Secure)));
    let push = push(Mode::Secure, &document(TEXT));
    sent(&callback.call(push.request()));
    // A clone copies one pointer and the handler; this handler is one pointer too.
    assert_eq!(size_of_val(&callback), 2 * size_of::<usize>());
    shared(&Message::parse(AppId::new(APPID).unwrap(), document(TEXT)).unwrap());
    // A message shares the request buffer, so it stays small.
    assert!(size_of::<Message>() <= 208);

    let shown = format!(
        "{callback:?} {:?} {:?}",
        keys(Mode::Secure),
        recipient(keys(Mode::Secure))
    );
    assert!(
        !shown.contains(TOKEN) && !shown.contains(OTHER_KEY),
        "{shown}"
    );
}
