//! Attacks on the callback: each is rejected for the right reason, and the response hides it.
//!
//! Every test attacks a new callback, then sends it a genuine push, which must be answered.

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
use std::ops::{Deref, DerefMut};
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
use tower_wechat::{Body, Message, handler_fn};

use frame::{decode, encode, frame, padded, unpadded};
use stream::Stream;

use super::support::{self, AES_KEY, NOW, OTHER_KEY, Platform, TOKEN};

const APPID: &str = "wxba5fad812f8e6fb9";
const NONCE: &str = "9372623149";
const DOCUMENT: &str = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]>\
    </FromUserName><CreateTime>1767225600</CreateTime><MsgType><![CDATA[text]]></MsgType>\
    <Content><![CDATA[hello]]></Content><MsgId>25000000000000001</MsgId></xml>";

/// Declares attacks: the mode, the forged part of an otherwise genuine push, and the reason of the
/// rejection.
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

/// A genuine push, parts of which a test forges before it is sent.
struct Push {
    signed: support::Push,
    /// The query as written, if it is not the push's query.
    written: Option<String>,
    headers: HeaderMap,
    /// Whether the body has a size hint.
    announced: bool,
    /// Whether the body is endless.
    endless: bool,
}

impl Deref for Push {
    type Target = support::Push;

    fn deref(&self) -> &support::Push {
        &self.signed
    }
}

impl DerefMut for Push {
    fn deref_mut(&mut self) -> &mut support::Push {
        &mut self.signed
    }
}

fn platform(mode: Mode) -> Platform {
    let clear = match mode {
        Mode::Compatible => DOCUMENT.replace("hello", "clear"),
        _ => "<xml><ToUserName><![CDATA[gh_1]]></ToUserName></xml>".to_owned(),
    };
    let platform = Platform::new(mode).appid(APPID).nonce(NONCE);
    platform.openid("o1").clear(clear)
}

impl Push {
    fn new(mode: Mode) -> Self {
        let mut signed = platform(mode).push(DOCUMENT);
        signed.order(["timestamp", "nonce", "signature"]);
        Self {
            signed,
            written: None,
            headers: HeaderMap::new(),
            announced: true,
            endless: false,
        }
    }

    /// Turns the push into a genuine URL verification.
    fn echo(&mut self) -> &mut support::Push {
        self.method = Method::GET;
        self.body.clear();
        self.without("openid")
            .without("encrypt_type")
            .without("msg_signature")
            .set("echostr", "4375120948345356249")
    }

    /// Encrypts a frame without padding it and signs it with the platform's token.
    fn frame(&mut self, mut frame: Vec<u8>) -> &mut support::Push {
        let key: [u8; 32] = decode(AES_KEY).try_into().unwrap();
        let iv: [u8; 16] = key[..16].try_into().unwrap();
        let len = frame.len();
        let cipher = cbc::Encryptor::<Aes256Enc>::new(&key.into(), &iv.into());
        let bytes = cipher.encrypt_padded::<NoPadding>(&mut frame, len).unwrap();
        let encrypt = encode(bytes);
        self.ciphertext(&encrypt)
    }

    /// Writes the ciphertext differently.
    fn spaced(&mut self, write: impl FnOnce(&str) -> String) -> &mut support::Push {
        let encrypt = self.encrypt();
        let body = self.body_text().replace(&encrypt, &write(&encrypt));
        self.body(body)
    }

    fn uri(&self) -> String {
        let Some(query) = self.written.clone() else {
            return self.signed.uri();
        };
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
        let callback = callback(self.platform.mode, Arc::clone(&handled));
        let response = send(&callback, self.request()).await;
        assert_eq!(response.body().rejection(), Some(reason));
        looks_like_every_other(response, reason);
        assert_eq!(handled.load(Ordering::Relaxed), 0, "the handler was called");

        is_answered(&callback, &Push::new(self.platform.mode)).await;
        assert_eq!(handled.load(Ordering::Relaxed), 1);
    }

    async fn is_taken(&self) {
        is_answered(&callback(self.platform.mode, Arc::default()), self).await;
    }
}

/// Asserts that the response depends on the status alone.
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
    let document = push.platform.open(&body);
    assert!(
        document.contains("<Content><![CDATA[echo of hello]]></Content>"),
        "{document}"
    );
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
    let handler = handler_fn(move |message: Message| {
        handled.fetch_add(1, Ordering::Relaxed);
        async move { format!("echo of {}", message.field("Content").unwrap_or_default()) }
    });
    platform(mode).callback(handler)
}
