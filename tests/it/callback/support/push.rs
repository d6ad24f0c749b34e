//! A signed push, any part of which can be forged.

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use tower::{Service, ServiceExt};
use tower_wechat::callback::Mode;
use tower_wechat::callback::signature::sign;
use tower_wechat::{Body, BoxError, Callback, IntoReply, Message};

use super::Platform;

/// Changes leave the signatures as they are, unless the method says otherwise.
#[derive(Clone)]
pub struct Push {
    pub platform: Platform,
    pub method: Method,
    /// The path, or the URL without its query.
    pub path: String,
    /// The parameters in the order they are written.
    pub query: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Push {
    /// Returns the first parameter with this name.
    pub fn get(&self, name: &str) -> &str {
        let value = self.query.iter().find(|(other, _)| other == name);
        &value.unwrap().1
    }

    /// Replaces the first parameter with this name, or appends it.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        let value = value.into();
        match self.query.iter_mut().find(|(other, _)| other == name) {
            Some(pair) => pair.1 = value,
            None => self.query.push((name.to_owned(), value)),
        }
        self
    }

    pub fn without(&mut self, name: &str) -> &mut Self {
        self.query.retain(|(other, _)| other != name);
        self
    }

    /// Appends a parameter even if one with this name exists.
    pub fn again(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Writes these parameters first, in this order.
    pub fn order<const N: usize>(&mut self, names: [&str; N]) -> &mut Self {
        let place = |name: &str| names.iter().position(|other| *other == name);
        self.query.sort_by_key(|(name, _)| place(name).unwrap_or(N));
        self
    }

    pub fn path(&mut self, path: impl Into<String>) -> &mut Self {
        self.path = path.into();
        self
    }

    pub fn body(&mut self, body: impl Into<Vec<u8>>) -> &mut Self {
        self.body = body.into();
        self
    }

    pub fn body_text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Signs the current timestamp and nonce.
    pub fn sign(&mut self) -> &mut Self {
        let token = &self.platform.token;
        let signature = sign([token, self.get("timestamp"), self.get("nonce")]);
        self.set("signature", signature.to_string())
    }

    /// Puts a document into the body, encrypted and signed as the mode requires.
    pub fn document(&mut self, document: &str) -> &mut Self {
        if self.platform.mode == Mode::Plaintext {
            return self.body(document);
        }
        let encrypt = self.platform.encrypt(document);
        self.ciphertext(&encrypt)
    }

    /// Puts a document into the body, encrypted with this key for this app.
    pub fn sealed(&mut self, key: &str, appid: &str, document: &str) -> &mut Self {
        let platform = self.platform.clone().aes_key(key).appid(appid);
        self.ciphertext(&platform.encrypt(document))
    }

    /// Puts a ciphertext into the body and signs it.
    pub fn ciphertext(&mut self, encrypt: &str) -> &mut Self {
        let (timestamp, nonce) = (self.get("timestamp"), self.get("nonce"));
        let signature = sign([&self.platform.token, timestamp, nonce, encrypt]);
        let body = self.platform.envelope(encrypt);
        self.set("encrypt_type", "aes")
            .set("msg_signature", signature.to_string())
            .body(body)
    }

    /// Returns the ciphertext in the body.
    pub fn encrypt(&self) -> String {
        let (_, rest) = self.body_text().split_once("<Encrypt><![CDATA[").unwrap();
        rest.split_once("]]>").unwrap().0.to_owned()
    }

    /// Returns a push with the same signatures and another timestamp and nonce.
    pub fn read_as(&self, timestamp: &str, nonce: &str) -> Self {
        let mut push = self.clone();
        push.set("timestamp", timestamp).set("nonce", nonce);
        push
    }

    /// Returns a URL verification with the same signature.
    pub fn verification(&self, echostr: &str) -> Self {
        let mut push = self.clone();
        push.method = Method::GET;
        push.set("echostr", echostr).body("");
        push
    }

    pub fn uri(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query);
        format!("{}?{}", self.path, query.finish())
    }

    pub fn request(&self) -> Request<Full<Bytes>> {
        self.request_with(Full::from(self.body.clone()))
    }

    /// Returns the request with another body.
    pub fn request_with<B>(&self, body: B) -> Request<B> {
        let request = Request::builder().method(&self.method).uri(self.uri());
        request.body(body).unwrap()
    }

    pub async fn send<H>(&self, callback: &Callback<H>) -> Response<Body>
    where
        H: Service<Message> + Clone,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
    {
        callback.clone().oneshot(self.request()).await.unwrap()
    }
}
