//! Attacks on the callback, each refused for the right reason, without the sender learning it.
//!
//! Every test attacks a callback of its own, and then sends it a good push, which is answered.

mod accepted;
mod body;
mod frame;
mod logging;
mod method;
mod query;
mod seal;
mod signature;
mod stream;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aes::Aes256Enc;
use bytes::Bytes;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use tower::{Service, ServiceExt};
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::sign;
use tower_wechat::callback::{Mode, Rejection};
use tower_wechat::{AppId, Body, Callback, CallbackKeys, ManualClock, Message, handler_fn};

use frame::{decode, encode, frame, padded, unpadded};
use stream::Stream;

const APPID: &str = "wxba5fad812f8e6fb9";
const TOKEN: &str = "thetoken";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const OTHER_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const NOW: u64 = 1_767_225_600;
const NONCE: &str = "9372623149";
const DOCUMENT: &str = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]>\
    </FromUserName><CreateTime>1767225600</CreateTime><MsgType><![CDATA[text]]></MsgType>\
    <Content><![CDATA[hello]]></Content><MsgId>25000000000000001</MsgId></xml>";

/// Declares attacks: on which mode, what is forged in an otherwise good push, and why it is
/// refused.
macro_rules! refused {
    ($($test:ident: $mode:ident $reason:ident, |$push:ident| $forge:expr;)*) => {$(
        #[tokio::test]
        async fn $test() {
            let mut $push = Push::new(Mode::$mode);
            $forge;
            $push.is_refused(Rejection::$reason).await;
        }
    )*};
}
use refused;

/// A request that is a good push until something in it is forged.
struct Push {
    mode: Mode,
    method: Method,
    query: Vec<(String, String)>,
    /// The query as it is written, if it is not the one above.
    written: Option<String>,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Whether the length of the body is told before.
    announced: bool,
    /// Whether the body goes on for ever.
    endless: bool,
}

impl Push {
    fn new(mode: Mode) -> Self {
        let mut push = Self {
            mode,
            method: Method::POST,
            query: Vec::new(),
            written: None,
            headers: HeaderMap::new(),
            body: Vec::new(),
            announced: true,
            endless: false,
        };
        for (name, value) in [("timestamp", NOW.to_string()), ("nonce", NONCE.to_owned())] {
            push.set(name, value);
        }
        push.sign().set("openid", "o1").document(DOCUMENT);
        push
    }

    /// Makes a good verification of the URL of it.
    fn echo(&mut self) -> &mut Self {
        self.method = Method::GET;
        self.body.clear();
        self.without("openid")
            .without("encrypt_type")
            .without("msg_signature")
            .set("echostr", "4375120948345356249")
    }

    fn get(&self, name: &str) -> &str {
        let value = self.query.iter().find(|(other, _)| other == name);
        &value.unwrap().1
    }

    fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        let value = value.into();
        match self.query.iter_mut().find(|(other, _)| other == name) {
            Some(pair) => pair.1 = value,
            None => self.query.push((name.to_owned(), value)),
        }
        self
    }

    fn without(&mut self, name: &str) -> &mut Self {
        self.query.retain(|(other, _)| other != name);
        self
    }

    /// Sends a parameter once more.
    fn again(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Signs the timestamp and the nonce as they are.
    fn sign(&mut self) -> &mut Self {
        let signature = sign([TOKEN, self.get("timestamp"), self.get("nonce")]);
        self.set("signature", signature.to_string())
    }

    /// Puts a document into the body, sealed as the mode has it.
    fn document(&mut self, document: &str) -> &mut Self {
        if self.mode == Mode::Plaintext {
            self.body = document.into();
            return self;
        }
        self.sealed(AES_KEY, APPID, document)
    }

    fn sealed(&mut self, key: &str, appid: &str, document: &str) -> &mut Self {
        let key = AesKey::parse(key).unwrap();
        let encrypt = key.encrypt(document, appid, *b"0123456789abcdef");
        self.ciphertext(&encrypt)
    }

    /// Encrypts a frame as it is, signed as if the platform had.
    fn frame(&mut self, mut frame: Vec<u8>) -> &mut Self {
        let key: [u8; 32] = decode(AES_KEY).try_into().unwrap();
        let iv: [u8; 16] = key[..16].try_into().unwrap();
        let len = frame.len();
        let cipher = cbc::Encryptor::<Aes256Enc>::new(&key.into(), &iv.into());
        let bytes = cipher.encrypt_padded::<NoPadding>(&mut frame, len).unwrap();
        let encrypt = encode(bytes);
        self.ciphertext(&encrypt)
    }

    /// Puts a ciphertext into the body, signed as if the platform had.
    fn ciphertext(&mut self, encrypt: &str) -> &mut Self {
        let signature = sign([TOKEN, self.get("timestamp"), self.get("nonce"), encrypt]);
        self.set("encrypt_type", "aes")
            .set("msg_signature", signature.to_string());
        let clear = match self.mode {
            Mode::Compatible => DOCUMENT.replace("hello", "clear"),
            _ => "<xml><ToUserName><![CDATA[gh_1]]></ToUserName></xml>".to_owned(),
        };
        let encrypt = format!("<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>");
        self.body(clear.replace("</xml>", &encrypt))
    }

    /// The ciphertext in the body.
    fn encrypt(&self) -> String {
        let body = String::from_utf8(self.body.clone()).unwrap();
        let (_, rest) = body.split_once("<Encrypt><![CDATA[").unwrap();
        rest.split_once("]]>").unwrap().0.to_owned()
    }

    /// The ciphertext written in another way.
    fn spaced(&mut self, write: impl FnOnce(&str) -> String) -> &mut Self {
        let encrypt = self.encrypt();
        let body = String::from_utf8(self.body.clone()).unwrap();
        self.body(body.replace(&encrypt, &write(&encrypt)))
    }

    fn body(&mut self, body: impl Into<Vec<u8>>) -> &mut Self {
        self.body = body.into();
        self
    }

    fn uri(&self) -> String {
        let query = self.written.clone().unwrap_or_else(|| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&self.query).finish()
        });
        match query.starts_with('/') {
            true => query,
            false => format!("/wxmsg?{query}"),
        }
    }

    fn request(&self) -> Request<Stream> {
        let body = Bytes::from(self.body.clone());
        let announced = self.announced.then_some(body.len() as u64);
        let mut request = Request::new(Stream {
            left: body,
            announced,
            endless: self.endless,
        });
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri().parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        request
    }

    async fn is_refused(&self, reason: Rejection) {
        let handled = Arc::new(AtomicUsize::new(0));
        let callback = callback(self.mode, Arc::clone(&handled));
        let response = send(&callback, self.request()).await;
        assert_eq!(response.body().rejection(), Some(reason));
        looks_like_every_other(response, reason);
        assert_eq!(handled.load(Ordering::Relaxed), 0, "the handler was called");

        is_answered(&callback, &Push::new(self.mode)).await;
        assert_eq!(handled.load(Ordering::Relaxed), 1);
    }

    async fn is_taken(&self) {
        is_answered(&callback(self.mode, Arc::default()), self).await;
    }
}

/// What the sender sees depends on the status alone.
fn looks_like_every_other(response: Response<Body>, reason: Rejection) {
    let (head, body) = response.into_parts();
    assert!(body.into_bytes().is_empty());
    assert_eq!(head.version, Version::HTTP_11);
    assert_eq!(head.status, reason.status());
    let mut headers = HeaderMap::new();
    match reason {
        Rejection::Method => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
            assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
        }
        Rejection::BodyTooLarge => assert_eq!(head.status, StatusCode::PAYLOAD_TOO_LARGE),
        Rejection::BodyUnread | Rejection::Malformed => {
            assert_eq!(head.status, StatusCode::BAD_REQUEST);
        }
        _ => assert_eq!(head.status, StatusCode::FORBIDDEN),
    }
    assert_eq!(head.headers, headers);
}

async fn is_answered<S>(callback: &S, push: &Push)
where
    S: Service<Request<Stream>, Response = Response<Body>, Error = Infallible> + Clone,
{
    let response = send(callback, push.request()).await;
    assert_eq!(
        response.status(),
        StatusCode::OK,
        "{:?}",
        response.body().rejection()
    );
    let body = String::from_utf8(response.into_body().into_bytes().into()).unwrap();
    let document = match push.mode {
        Mode::Plaintext => body,
        _ => {
            let envelope = Message::parse(AppId::new(APPID).unwrap(), body).unwrap();
            let key = AesKey::parse(AES_KEY).unwrap();
            key.decrypt(envelope.field("Encrypt").unwrap())
                .unwrap()
                .message
        }
    };
    assert!(document.contains("echo of hello"), "{document}");
}

async fn send<S>(callback: &S, request: Request<Stream>) -> Response<Body>
where
    S: Service<Request<Stream>, Response = Response<Body>, Error = Infallible> + Clone,
{
    callback.clone().oneshot(request).await.unwrap()
}

fn callback(
    mode: Mode,
    handled: Arc<AtomicUsize>,
) -> impl Service<Request<Stream>, Response = Response<Body>, Error = Infallible> + Clone {
    let keys = match mode {
        Mode::Plaintext => CallbackKeys::plaintext(TOKEN),
        Mode::Compatible => CallbackKeys::compatible(TOKEN, AES_KEY),
        _ => CallbackKeys::secure(TOKEN, AES_KEY),
    };
    let recipient = keys.unwrap().for_app(AppId::new(APPID).unwrap());
    let handler = handler_fn(move |message: Message| {
        handled.fetch_add(1, Ordering::Relaxed);
        async move { format!("echo of {}", message.field("Content").unwrap_or_default()) }
    });
    Callback::new(recipient, handler).clock(ManualClock::at_unix(NOW))
}
