//! Pushes as an attacker who reads the network or an access log has them, and what can be made of
//! them without the token.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::ServiceExt;
use tower_wechat::callback::Mode;
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::sign;
use tower_wechat::{AppId, Body, BoxError, Callback, CallbackKeys, IntoReply, Message};

pub const APPID: &str = "wx3cc8fd6963e31a32";
pub const TOKEN: &str = "thetoken";
pub const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub const BOTH: [Mode; 2] = [Mode::Plaintext, Mode::Secure];

pub fn keys(mode: Mode, token: &str) -> CallbackKeys {
    match mode {
        Mode::Plaintext => CallbackKeys::plaintext(token),
        _ => CallbackKeys::secure(token, AES_KEY),
    }
    .unwrap()
}

pub fn callback<H>(mode: Mode, token: &str, handler: H) -> Callback<H> {
    let recipient = keys(mode, token).for_app(AppId::new(APPID).unwrap());
    Callback::new(recipient, handler)
}

/// The document of a text message.
pub fn document(created: u64, id: u64) -> String {
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
         <CreateTime>{created}</CreateTime><MsgType>text</MsgType><Content>hi</Content>\
         <MsgId>{id}</MsgId></xml>"
    )
}

/// A push that was sent once.
#[derive(Clone)]
pub struct Captured {
    pub timestamp: String,
    pub nonce: String,
    signature: String,
    pub msg_signature: Option<String>,
    pub body: String,
}

impl Captured {
    /// What the platform sends.
    pub fn new(mode: Mode, token: &str, timestamp: u64, nonce: &str, document: &str) -> Self {
        let timestamp = timestamp.to_string();
        let signature = sign([token, &timestamp, nonce]).to_string();
        let (msg_signature, body) = match mode {
            Mode::Plaintext => (None, document.to_owned()),
            _ => {
                let key = AesKey::parse(AES_KEY).unwrap();
                let encrypt = key.encrypt(document, APPID, *b"0123456789abcdef");
                let signature = sign([token, &timestamp, nonce, &encrypt]).to_string();
                let body = format!("<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>");
                (Some(signature), body)
            }
        };
        let nonce = nonce.to_owned();
        Self {
            timestamp,
            nonce,
            signature,
            msg_signature,
            body,
        }
    }

    /// The same signatures with another timestamp and nonce.
    pub fn read_as(&self, timestamp: &str, nonce: &str) -> Self {
        let (timestamp, nonce) = (timestamp.to_owned(), nonce.to_owned());
        Self {
            timestamp,
            nonce,
            ..self.clone()
        }
    }

    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("signature", &self.signature)
            .append_pair("timestamp", &self.timestamp)
            .append_pair("nonce", &self.nonce);
        if let Some(signature) = &self.msg_signature {
            query
                .append_pair("encrypt_type", "aes")
                .append_pair("msg_signature", signature);
        }
        query.finish()
    }

    pub fn request(&self) -> Request<Full<Bytes>> {
        let body = Full::from(self.body.clone());
        let address = format!("/wxmsg?{}", self.query());
        Request::post(address).body(body).unwrap()
    }

    /// A verification of the URL with the same signature.
    pub fn verification(&self) -> Request<Full<Bytes>> {
        let address = format!("/wxmsg?{}&echostr=42", self.query());
        Request::get(address).body(Full::default()).unwrap()
    }

    pub async fn send<H>(&self, callback: &Callback<H>) -> Response<Body>
    where
        H: tower::Service<Message> + Clone,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
    {
        callback.clone().oneshot(self.request()).await.unwrap()
    }
}
