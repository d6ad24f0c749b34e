//! The callback as the platform, and everyone else, meets it.

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
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::sign;
use tower_wechat::callback::{HandlerFn, Recipient, Rejection};
use tower_wechat::{
    AppId, Body, BoxError, BoxFuture, Callback, CallbackKeys, Event, ManualClock, Message, Reply,
    handler_fn,
};

const APPID: &str = "wxba5fad812f8e6fb9";
const TOKEN: &str = "thetoken";
const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const NOW: u64 = 1_767_225_600;

const TEXT: &str = "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content>";
const SUBSCRIBE: &str = "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event>\
    <EventKey><![CDATA[qrscene_order-42]]></EventKey><Ticket><![CDATA[gQEx]]></Ticket>";
const SCAN: &str = "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[SCAN]]></Event>\
    <EventKey><![CDATA[order-42]]></EventKey><Ticket><![CDATA[gQEx]]></Ticket>";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    Plaintext,
    Compatible,
    Secure,
}

const MODES: [Mode; 3] = [Mode::Plaintext, Mode::Compatible, Mode::Secure];

fn keys(mode: Mode) -> CallbackKeys {
    match mode {
        Mode::Plaintext => CallbackKeys::plaintext(TOKEN),
        Mode::Compatible => CallbackKeys::compatible(TOKEN, AES_KEY),
        Mode::Secure => CallbackKeys::secure(TOKEN, AES_KEY),
    }
    .unwrap()
}

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

/// Plays the platform: what it sends, and where each part of it can be forged.
#[derive(Clone)]
struct Platform {
    mode: Mode,
    token: &'static str,
    aes_key: &'static str,
    appid: &'static str,
    timestamp: String,
    document: String,
}

impl Platform {
    fn new(mode: Mode, document: String) -> Self {
        Self {
            mode,
            token: TOKEN,
            aes_key: AES_KEY,
            appid: APPID,
            timestamp: NOW.to_string(),
            document,
        }
    }

    /// The query, parameter by parameter, and the body.
    fn parts(&self) -> (Vec<(&'static str, String)>, String) {
        let signature = sign([self.token, &self.timestamp, "nonce1"]).to_string();
        let mut query = vec![
            ("signature", signature),
            ("timestamp", self.timestamp.clone()),
            ("nonce", "nonce1".into()),
            ("openid", "o1".into()),
        ];
        if self.mode == Mode::Plaintext {
            return (query, self.document.clone());
        }
        let key = AesKey::parse(self.aes_key).unwrap();
        let encrypt = key.encrypt(&self.document, self.appid, *b"0123456789abcdef");
        let signature = sign([self.token, &self.timestamp, "nonce1", &encrypt]);
        query.push(("encrypt_type", "aes".into()));
        query.push(("msg_signature", signature.to_string()));
        let body = if self.document.starts_with('{') {
            format!(r#"{{"ToUserName":"gh_1","Encrypt":"{encrypt}"}}"#)
        } else {
            let clear = match self.mode {
                Mode::Compatible => document("<MsgType>text</MsgType><Content>clear</Content>"),
                _ => "<xml></xml>".into(),
            };
            let encrypt = format!("<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>");
            clear.replace("</xml>", &encrypt)
        };
        (query, body)
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let (query, body) = self.parts();
        post(&query, body)
    }

    /// The document of a reply, verified and decrypted.
    async fn open(&self, response: Response<Body>) -> String {
        assert_eq!(response.status(), StatusCode::OK);
        let body = text(response).await;
        if self.mode == Mode::Plaintext {
            return body;
        }
        let field = |name: &str| {
            let envelope = Message::parse(AppId::new(APPID).unwrap(), body.clone()).unwrap();
            envelope.field(name).unwrap().to_owned()
        };
        let encrypt = field("Encrypt");
        let (timestamp, nonce) = (field("TimeStamp"), field("Nonce"));
        // Neither is the push's.
        assert_eq!(timestamp, (NOW + 1).to_string());
        assert!(
            nonce.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{nonce}"
        );
        let signature = sign([self.token, &timestamp, &nonce, &encrypt]);
        assert_eq!(field("MsgSignature"), signature.to_string());
        let decrypted = AesKey::parse(self.aes_key)
            .unwrap()
            .decrypt(&encrypt)
            .unwrap();
        assert_eq!(decrypted.appid, APPID);
        decrypted.message
    }
}

fn uri(query: &[(&str, String)]) -> String {
    let path = String::from("/wxmsg?");
    let at = path.len();
    let mut uri = form_urlencoded::Serializer::for_suffix(path, at);
    uri.extend_pairs(query).finish()
}

fn post(query: &[(&str, String)], body: String) -> Request<Full<Bytes>> {
    Request::post(uri(query)).body(Full::from(body)).unwrap()
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

/// Every failed proof looks the same, and tells only the host why.
async fn assert_forbidden(response: Response<Body>, reason: Rejection) {
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(response.headers().is_empty(), "{:?}", response.headers());
    assert_eq!(response.body().rejection(), Some(reason));
    assert_eq!(text(response).await, "");
}

fn echo_query(timestamp: u64, token: &str) -> Vec<(&'static str, String)> {
    let timestamp = timestamp.to_string();
    let signature = sign([token, &timestamp, "nonce1"]).to_string();
    vec![
        ("signature", signature),
        ("timestamp", timestamp),
        ("nonce", "nonce1".into()),
        ("echostr", "<b>0042</b>".into()),
    ]
}

fn get(query: &[(&str, String)]) -> Request<Body> {
    Request::get(uri(query)).body(Body::empty()).unwrap()
}

/// A body that nobody may read.
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
async fn the_echo_comes_back_verbatim_in_every_mode() {
    for mode in MODES {
        let response = send(&callback(mode), get(&echo_query(NOW, TOKEN))).await;
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
async fn an_encrypted_echo_is_not_decrypted() {
    let encrypt = AesKey::parse(AES_KEY)
        .unwrap()
        .encrypt("42", APPID, [1; 16]);
    let mut query = echo_query(NOW, TOKEN);
    query[3].1 = encrypt.clone();
    let response = send(&callback(Mode::Secure), get(&query)).await;
    assert_eq!(text(response).await, encrypt);
}

#[tokio::test]
async fn each_parameter_of_the_echo_counts() {
    let callback = callback(Mode::Secure);
    for index in 0..4 {
        let query = echo_query(NOW, TOKEN);
        let mut missing = query.clone();
        missing.remove(index);
        assert_forbidden(
            send(&callback, get(&missing)).await,
            Rejection::MissingParameter,
        )
        .await;
        let mut empty = query.clone();
        empty[index].1.clear();
        assert_forbidden(
            send(&callback, get(&empty)).await,
            Rejection::MissingParameter,
        )
        .await;
        let mut twice = query.clone();
        twice.push(query[index].clone());
        assert_forbidden(
            send(&callback, get(&twice)).await,
            Rejection::DuplicateParameter,
        )
        .await;
    }
    for (index, value, reason) in [
        (0, "0".repeat(40), Rejection::Signature),
        (0, "short".into(), Rejection::Signature),
        (1, (NOW + 1).to_string(), Rejection::Signature),
        (1, format!("0{NOW}"), Rejection::Timestamp),
        (1, format!("+{NOW}"), Rejection::Timestamp),
        (1, "x".into(), Rejection::Timestamp),
        (2, "other".into(), Rejection::Signature),
    ] {
        let mut wrong = echo_query(NOW, TOKEN);
        wrong[index].1 = value;
        assert_forbidden(send(&callback, get(&wrong)).await, reason).await;
    }
    let foreign = get(&echo_query(NOW, "anothertoken"));
    assert_forbidden(send(&callback, foreign).await, Rejection::Signature).await;
    let bare = Request::get("/wxmsg").body(Body::empty()).unwrap();
    assert_forbidden(send(&callback, bare).await, Rejection::MissingParameter).await;
}

#[tokio::test]
async fn old_and_early_timestamps_are_refused_unless_the_window_is_off() {
    let callback = callback(Mode::Secure);
    for (time, fresh) in [
        (NOW - 600, true),
        (NOW + 600, true),
        (NOW - 601, false),
        (NOW + 601, false),
        (1_000_000_000, false),
        (9_999_999_999, false),
    ] {
        let response = send(&callback, get(&echo_query(time, TOKEN))).await;
        match fresh {
            true => assert_eq!(response.status(), StatusCode::OK),
            false => assert_forbidden(response, Rejection::StaleTimestamp).await,
        }
        let open = callback.clone().timestamp_window(None);
        let response = send(&open, get(&echo_query(time, TOKEN))).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    let narrow = callback.timestamp_window(Some(Duration::from_secs(5)));
    let response = send(&narrow, get(&echo_query(NOW - 6, TOKEN))).await;
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
            let platform = Platform::new(mode, document(fields));
            let response = send(&callback(mode), platform.request()).await;
            assert_eq!(
                response.headers()[header::CONTENT_TYPE],
                "text/xml; charset=utf-8"
            );
            assert_eq!(
                platform.open(response).await,
                format!(
                    "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]>\
                     </FromUserName><CreateTime>{NOW}</CreateTime><MsgType><![CDATA[text]]>\
                     </MsgType><Content><![CDATA[{answer}]]></Content></xml>"
                )
            );
        }
        let link = Platform::new(mode, document("<MsgType>link</MsgType>"));
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
        let platform = Platform::new(mode, json.into());
        let response = send(&callback(mode), platform.request()).await;
        let content_type = &response.headers()[header::CONTENT_TYPE];
        assert_eq!(content_type, "application/json; charset=utf-8");
        assert_eq!(
            platform.open(response).await,
            format!(
                r#"{{"ToUserName":"o1","FromUserName":"gh_1","CreateTime":{NOW},"MsgType":"text","Content":"你\"好"}}"#
            )
        );
    }
}

#[tokio::test]
async fn keys_rotate() {
    let old = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let mut platform = Platform::new(Mode::Secure, document(TEXT));
    (platform.token, platform.aes_key) = ("oldtoken", old);
    let response = send(&callback(Mode::Secure), platform.request()).await;
    assert_forbidden(response, Rejection::Signature).await;

    let keys = keys(Mode::Secure).previous_token("oldtoken").unwrap();
    let half = callback_of(keys.clone(), handler_fn(on_message));
    assert_forbidden(
        send(&half, platform.request()).await,
        Rejection::Undecryptable,
    )
    .await;

    let whole = callback_of(keys.previous_aes_key(old).unwrap(), handler_fn(on_message));
    for (token, aes_key) in [
        ("oldtoken", old),
        (TOKEN, AES_KEY),
        ("oldtoken", AES_KEY),
        (TOKEN, old),
    ] {
        (platform.token, platform.aes_key) = (token, aes_key);
        // The reply is signed and encrypted with what the push came with.
        let reply = platform.open(send(&whole, platform.request()).await).await;
        assert!(reply.contains("hello"));
    }
}

#[tokio::test]
async fn the_mode_cannot_be_talked_down() {
    for mode in [Mode::Compatible, Mode::Secure] {
        let callback = callback(mode);
        let plain = Platform::new(Mode::Plaintext, document(TEXT));
        assert_forbidden(
            send(&callback, plain.request()).await,
            Rejection::NotEncrypted,
        )
        .await;

        let (query, body) = Platform::new(mode, document(TEXT)).parts();
        let without = |name: &str| -> Vec<_> {
            query
                .iter()
                .filter(|(other, _)| *other != name)
                .cloned()
                .collect()
        };
        let with = |name, value: &str| {
            let mut query = without(name);
            query.push((name, value.to_owned()));
            query
        };
        for (query, body, reason) in [
            (without("encrypt_type"), &body, Rejection::NotEncrypted),
            (with("encrypt_type", "raw"), &body, Rejection::NotEncrypted),
            (with("encrypt_type", "AES"), &body, Rejection::NotEncrypted),
            (without("msg_signature"), &body, Rejection::MissingParameter),
            (
                with("msg_signature", ""),
                &body,
                Rejection::MissingParameter,
            ),
            (with("msg_signature", "00"), &body, Rejection::MsgSignature),
            (
                with("msg_signature", &query[0].1),
                &body,
                Rejection::MsgSignature,
            ),
            (query.clone(), &document(TEXT), Rejection::NoCiphertext),
            (query.clone(), &"success".into(), Rejection::NoCiphertext),
            (
                query.clone(),
                &"<xml><Encrypt/></xml>".into(),
                Rejection::NoCiphertext,
            ),
        ] {
            assert_forbidden(send(&callback, post(&query, body.clone())).await, reason).await;
        }
    }
    let callback = callback(Mode::Plaintext);
    let (query, body) = Platform::new(Mode::Secure, document(TEXT)).parts();
    let encrypted = post(&query, body.clone());
    assert_forbidden(send(&callback, encrypted).await, Rejection::Encrypted).await;
    let posed = post(&query[..4], body);
    assert_forbidden(send(&callback, posed).await, Rejection::Encrypted).await;
}

#[tokio::test]
async fn only_the_encrypted_half_of_a_compatible_push_is_used() {
    let platform = Platform::new(Mode::Compatible, document(TEXT));
    assert!(platform.parts().1.contains("clear"));
    let reply = platform
        .open(send(&callback(Mode::Compatible), platform.request()).await)
        .await;
    assert!(reply.contains("hello") && !reply.contains("clear"));
}

#[tokio::test]
async fn another_apps_ciphertext_is_refused() {
    let mut platform = Platform::new(Mode::Secure, document(TEXT));
    for appid in ["wx0000000000000001", "", "wxba5fad812f8e6fb9 "] {
        platform.appid = appid;
        let response = send(&callback(Mode::Secure), platform.request()).await;
        assert_forbidden(response, Rejection::OtherApp).await;
    }
}

#[tokio::test]
async fn authentic_but_malformed_is_400() {
    let doctype = "<!DOCTYPE xml [<!ENTITY e \"x\">]><xml>&e;</xml>";
    for mode in MODES {
        for wrong in ["<xml><A></xml>", doctype, "hello"] {
            let platform = Platform::new(mode, wrong.into());
            let response = send(&callback(mode), platform.request()).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            assert_eq!(response.body().rejection(), Some(Rejection::Malformed));
            assert_eq!(text(response).await, "");
        }
    }
}

#[tokio::test]
async fn bodies_are_bounded() {
    let fill = |len: usize| document(&format!("<Content>{}</Content>", "x".repeat(len)));
    let head = fill(0).len();
    let callback = callback(Mode::Plaintext).body_limit(head + 100);
    let at = Platform::new(Mode::Plaintext, fill(100)).request();
    assert_eq!(send(&callback, at).await.status(), StatusCode::OK);

    let beyond = Platform::new(Mode::Plaintext, fill(101));
    let too_large = |response: Response<Body>| {
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(response.body().rejection(), Some(Rejection::BodyTooLarge));
    };
    too_large(send(&callback, beyond.request()).await);
    // Without a known length it is found out while reading.
    let (parts, body) = beyond.request().into_parts();
    let frames = Frames(body.collect().await.unwrap().to_bytes());
    too_large(send(&callback, Request::from_parts(parts, frames)).await);
    // With a length announced it is not read at all.
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

/// The bytes in frames of ten, with no length told before.
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
    let platform = Platform::new(Mode::Secure, document(TEXT));
    let (parts, body) = platform.request().into_parts();
    let frames = Frames(body.collect().await.unwrap().to_bytes());
    let response = send(&callback(Mode::Secure), Request::from_parts(parts, frames)).await;
    assert!(platform.open(response).await.contains("hello"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400() {
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
    let (parts, _) = Platform::new(Mode::Secure, document(TEXT))
        .request()
        .into_parts();
    let response = send(&callback(Mode::Secure), Request::from_parts(parts, Broken)).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.body().rejection(), Some(Rejection::BodyUnread));
}

#[tokio::test]
async fn the_body_of_a_forged_push_is_never_read() {
    let (mut query, _) = Platform::new(Mode::Secure, document(TEXT)).parts();
    query[0].1 = "0".repeat(40);
    let request = Request::post(uri(&query)).body(Untouchable).unwrap();
    let response = send(&callback(Mode::Secure), request).await;
    assert_forbidden(response, Rejection::Signature).await;
}

#[tokio::test]
async fn other_methods_are_405() {
    for method in [Method::PUT, Method::HEAD, Method::DELETE, Method::OPTIONS] {
        let mut request = get(&echo_query(NOW, TOKEN));
        *request.method_mut() = method;
        let response = send(&callback(Mode::Secure), request).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET, POST");
    }
}

#[tokio::test]
async fn a_handler_that_fails_or_panics_makes_the_platform_send_again() {
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
    let platform = Platform::new(Mode::Secure, document(TEXT));
    for _ in 0..3 {
        let response = send(&callback, platform.request()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().is_empty());
        assert_eq!(text(response).await, "");
    }
    let response = send(&callback, platform.request()).await;
    assert!(platform.open(response).await.contains("works"));
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn the_handler_is_asked_only_for_verified_pushes() {
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
    let mut platform = Platform::new(Mode::Secure, document(TEXT));
    let response = send(&callback, platform.request()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    platform.token = "anothertoken";
    assert_forbidden(
        send(&callback, platform.request()).await,
        Rejection::Signature,
    )
    .await;
}

#[tokio::test]
async fn handlers_may_return_many_things() {
    async fn answer<H>(handler: H) -> String
    where
        H: Service<Message, Error = Infallible> + Clone,
        H::Response: tower_wechat::IntoReply,
    {
        let platform = Platform::new(Mode::Plaintext, document(TEXT));
        text(
            send(
                &callback_of(keys(Mode::Plaintext), handler),
                platform.request(),
            )
            .await,
        )
        .await
    }
    assert_eq!(answer(handler_fn(|_| async {})).await, "success");
    assert_eq!(
        answer(handler_fn(|_| async { None::<Reply> })).await,
        "success"
    );
    assert_eq!(answer(handler_fn(|_| async { "" })).await, "success");
    assert!(
        answer(handler_fn(|_| async { "text" }))
            .await
            .contains("text")
    );
    assert!(
        answer(handler_fn(|_| async { Some(String::from("text")) }))
            .await
            .contains("text")
    );
    let fails = |_| async { Err::<Option<Reply>, _>(std::fmt::Error) };
    assert_eq!(answer(handler_fn(fails)).await, "");
}

#[test]
fn it_can_be_shared_and_shows_no_secret() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    fn sent<T: Send + 'static>(_: &T) {}
    let mut callback = callback(Mode::Secure);
    shared(&callback);
    shared(&recipient(keys(Mode::Secure)));
    let platform = Platform::new(Mode::Secure, document(TEXT));
    sent(&callback.call(platform.request()));
    // A clone is a pointer and the handler, which is another one here.
    assert_eq!(size_of_val(&callback), 2 * size_of::<usize>());
    shared(&Message::parse(AppId::new(APPID).unwrap(), document(TEXT)).unwrap());
    // A message is a view of the request, without memory of its own.
    assert!(size_of::<Message>() <= 208);

    let shown = format!(
        "{callback:?} {:?} {:?}",
        keys(Mode::Secure),
        recipient(keys(Mode::Secure))
    );
    assert!(
        !shown.contains(TOKEN) && !shown.contains(AES_KEY),
        "{shown}"
    );
}
