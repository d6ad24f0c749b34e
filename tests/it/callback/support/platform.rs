//! The platform's side of a callback: it signs and encrypts pushes, and opens replies.

use http::{Method, Request};
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::sign;
use tower_wechat::callback::{Mode, Recipient};
use tower_wechat::{AppId, Body, Callback, CallbackKeys, ManualClock, Message};

use super::{AES_KEY, APPID, NOW, Push, TOKEN};

/// The parameters that a push is signed and encrypted with.
#[derive(Clone)]
pub struct Platform {
    pub mode: Mode,
    pub token: String,
    pub aes_key: String,
    pub appid: String,
    pub timestamp: String,
    pub nonce: String,
    openid: Option<String>,
    random: [u8; 16],
    clear: String,
}

/// A ciphertext and the signature that covers it.
pub struct Sealed {
    pub encrypt: String,
    pub signature: String,
    pub timestamp: String,
    pub nonce: String,
}

impl Platform {
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            token: TOKEN.to_owned(),
            aes_key: AES_KEY.to_owned(),
            appid: APPID.to_owned(),
            timestamp: NOW.to_string(),
            nonce: "n".to_owned(),
            openid: None,
            random: *b"0123456789abcdef",
            clear: "<xml></xml>".to_owned(),
        }
    }

    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    pub fn aes_key(mut self, key: impl Into<String>) -> Self {
        self.aes_key = key.into();
        self
    }

    pub fn appid(mut self, appid: impl Into<String>) -> Self {
        self.appid = appid.into();
        self
    }

    pub fn timestamp(mut self, timestamp: impl ToString) -> Self {
        self.timestamp = timestamp.to_string();
        self
    }

    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = nonce.into();
        self
    }

    /// Sends this unsigned parameter.
    pub fn openid(mut self, openid: impl Into<String>) -> Self {
        self.openid = Some(openid.into());
        self
    }

    /// Sets the random bytes at the start of the plaintext frame.
    pub fn random(mut self, random: [u8; 16]) -> Self {
        self.random = random;
        self
    }

    /// Sets the XML or JSON document that the ciphertext is written into.
    pub fn clear(mut self, document: impl Into<String>) -> Self {
        self.clear = document.into();
        self
    }

    /// Returns the keys of the receiving app.
    pub fn keys(&self) -> CallbackKeys {
        let (token, key) = (self.token.as_str(), self.aes_key.as_str());
        match self.mode {
            Mode::Plaintext => CallbackKeys::plaintext(token),
            Mode::Compatible => CallbackKeys::compatible(token, key),
            _ => CallbackKeys::secure(token, key),
        }
        .unwrap()
    }

    pub fn recipient(&self) -> Recipient {
        self.keys().for_app(AppId::new(&self.appid).unwrap())
    }

    /// Returns a callback of the receiving app whose clock is at [`NOW`].
    pub fn callback<H>(&self, handler: H) -> Callback<H> {
        Callback::new(self.recipient(), handler).clock(ManualClock::at_unix(NOW))
    }

    pub fn encrypt(&self, document: &str) -> String {
        let key = AesKey::parse(&self.aes_key).unwrap();
        key.encrypt(document, &self.appid, self.random)
    }

    pub fn seal(&self, document: &str) -> Sealed {
        let encrypt = self.encrypt(document);
        let signature = sign([&self.token, &self.timestamp, &self.nonce, &encrypt]);
        Sealed {
            encrypt,
            signature: signature.to_string(),
            timestamp: self.timestamp.clone(),
            nonce: self.nonce.clone(),
        }
    }

    /// Writes a ciphertext into the clear document.
    pub fn envelope(&self, encrypt: &str) -> String {
        match self.clear.strip_suffix('}') {
            Some(fields) => {
                let comma = if fields == "{" { "" } else { "," };
                format!(r#"{fields}{comma}"Encrypt":"{encrypt}"}}"#)
            }
            None => {
                let element = format!("<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>");
                self.clear.replace("</xml>", &element)
            }
        }
    }

    /// Returns a push of this document, encrypted unless the mode is plaintext.
    pub fn push(&self, document: &str) -> Push {
        let mut push = self.signed(Method::POST);
        if let Some(openid) = &self.openid {
            push.set("openid", openid);
        }
        push.document(document);
        push
    }

    /// Returns a URL verification.
    pub fn echo(&self, echostr: &str) -> Push {
        let mut push = self.signed(Method::GET);
        push.set("echostr", echostr);
        push
    }

    fn signed(&self, method: Method) -> Push {
        let mut push = Push {
            platform: self.clone(),
            method,
            path: "/wxmsg".to_owned(),
            query: Vec::new(),
            body: Vec::new(),
        };
        push.set("signature", "")
            .set("timestamp", &self.timestamp)
            .set("nonce", &self.nonce)
            .sign();
        push
    }

    /// Verifies the signature and the app of a reply and returns its document.
    pub fn open(&self, body: &str) -> String {
        if self.mode == Mode::Plaintext {
            return body.to_owned();
        }
        let appid = AppId::new(&self.appid).unwrap();
        let envelope = Message::parse(appid, body.to_owned()).unwrap();
        let field = |name| envelope.field(name).unwrap();
        let encrypt = field("Encrypt");
        let signature = sign([&self.token, field("TimeStamp"), field("Nonce"), encrypt]);
        assert_eq!(field("MsgSignature"), signature.to_string());
        let key = AesKey::parse(&self.aes_key).unwrap();
        let decrypted = key.decrypt(encrypt).unwrap();
        assert_eq!(decrypted.appid, self.appid);
        decrypted.message
    }
}

/// Returns a callback in plaintext mode at [`NOW`].
pub fn callback<H>(handler: H) -> Callback<H> {
    Platform::new(Mode::Plaintext).callback(handler)
}

/// Returns a push for that callback.
pub fn push(nonce: &str, body: impl Into<Body>) -> Request<Body> {
    let platform = Platform::new(Mode::Plaintext).nonce(nonce);
    platform.push("").request_with(body.into())
}
