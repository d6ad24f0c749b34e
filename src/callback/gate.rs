//! Decides whether a request is a push of the platform, without I/O.

use std::time::Duration;

use http::Method;

use crate::callback::crypto::{AesKey, Decrypted};
use crate::callback::envelope::Seal;
use crate::callback::query::Query;
use crate::callback::signature::{Signature, sign};
use crate::callback::tree::Tree;
use crate::callback::{Message, Mode, Recipient, Rejection};
use crate::secret::Secret;

/// What requests are checked against.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) recipient: Recipient,
    pub(crate) window: Option<Duration>,
}

/// A request whose sender knows the token.
pub(crate) enum Admitted {
    /// The platform verifies the URL: this text goes back as it came.
    Echo(String),
    /// A push, whose body is still to be read.
    Push(Push),
}

/// What the query of a push says about its body.
pub(crate) struct Push {
    token: Secret,
    timestamp: String,
    nonce: String,
    /// Covers the ciphertext; none in plaintext mode.
    msg_signature: Option<Signature>,
}

/// A push that was verified as far as its mode allows.
pub(crate) struct Opened {
    pub(crate) message: Message,
    /// What the reply is sealed with; none in plaintext mode.
    pub(crate) seal: Option<Seal>,
    /// Whether the app is a 小程序.
    pub(crate) mini_program: bool,
}

impl Gate {
    /// Checks everything but the body.
    pub(crate) fn admit(
        &self,
        method: &Method,
        query: &str,
        now: u64,
    ) -> Result<Admitted, Rejection> {
        if !matches!(*method, Method::GET | Method::POST) {
            return Err(Rejection::Method);
        }
        let query = Query::parse(query)?;
        self.check_age(&query.timestamp, now)?;
        let token = self.signer(&query).ok_or(Rejection::Signature)?;
        if *method == Method::POST {
            return self.push(query, token.clone()).map(Admitted::Push);
        }
        if query.echostr.is_empty() {
            return Err(Rejection::MissingParameter);
        }
        Ok(Admitted::Echo(query.echostr.into_owned()))
    }

    fn check_age(&self, timestamp: &str, now: u64) -> Result<(), Rejection> {
        let Some(window) = self.window else {
            return Ok(());
        };
        let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let timestamp = timestamp.parse::<u64>().ok().filter(|_| digits);
        let age = now.abs_diff(timestamp.ok_or(Rejection::Timestamp)?);
        if age > window.as_secs() {
            return Err(Rejection::StaleTimestamp);
        }
        Ok(())
    }

    /// The token that `signature` was made with.
    fn signer(&self, query: &Query<'_>) -> Option<&Secret> {
        let signature = Signature::parse(&query.signature)?;
        let mut tokens = self.recipient.keys().tokens();
        tokens.find(|token| sign([token.expose(), &query.timestamp, &query.nonce]) == signature)
    }

    /// The mode is the app's, whatever the request says.
    fn push(&self, query: Query<'_>, token: Secret) -> Result<Push, Rejection> {
        let encrypted = query.encrypt_type == "aes";
        let msg_signature = match self.recipient.keys().mode() {
            Mode::Plaintext if encrypted => return Err(Rejection::Encrypted),
            Mode::Plaintext => None,
            Mode::Compatible | Mode::Secure if !encrypted => return Err(Rejection::NotEncrypted),
            Mode::Compatible | Mode::Secure if query.msg_signature.is_empty() => {
                return Err(Rejection::MissingParameter);
            }
            Mode::Compatible | Mode::Secure => {
                Some(Signature::parse(&query.msg_signature).ok_or(Rejection::MsgSignature)?)
            }
        };
        Ok(Push {
            token,
            timestamp: query.timestamp.into_owned(),
            nonce: query.nonce.into_owned(),
            msg_signature,
        })
    }

    /// Checks, decrypts and parses the body.
    pub(crate) fn open(&self, push: Push, body: Vec<u8>) -> Result<Opened, Rejection> {
        match push.msg_signature {
            None => self.open_plain(body),
            Some(msg_signature) => self.open_sealed(push, msg_signature, body),
        }
    }

    fn open_plain(&self, body: Vec<u8>) -> Result<Opened, Rejection> {
        let text = String::from_utf8(body).map_err(|_| Rejection::Malformed)?;
        let tree = Tree::parse(text).map_err(|_| Rejection::Malformed)?;
        if tree.field("Encrypt").is_some() {
            return Err(Rejection::Encrypted);
        }
        Ok(Opened {
            message: Message::new(self.recipient.appid().clone(), tree),
            seal: None,
            mini_program: self.recipient.keys().is_mini_program(),
        })
    }

    fn open_sealed(
        &self,
        push: Push,
        msg_signature: Signature,
        body: Vec<u8>,
    ) -> Result<Opened, Rejection> {
        let text = String::from_utf8(body).map_err(|_| Rejection::NoCiphertext)?;
        let envelope = Tree::parse(text).map_err(|_| Rejection::NoCiphertext)?;
        // Whatever else the envelope holds is not covered by the signature.
        let encrypt = envelope.field("Encrypt").filter(|text| !text.is_empty());
        let encrypt = encrypt.ok_or(Rejection::NoCiphertext)?;
        let token = push.token.expose();
        if sign([token, &push.timestamp, &push.nonce, encrypt]) != msg_signature {
            return Err(Rejection::MsgSignature);
        }
        let (key, decrypted) = self.decrypt(encrypt).ok_or(Rejection::Undecryptable)?;
        let appid = self.recipient.appid();
        if decrypted.appid != appid.as_str() {
            return Err(Rejection::OtherApp);
        }
        let message = Message::parse(appid.clone(), decrypted.message);
        Ok(Opened {
            message: message.map_err(|_| Rejection::Malformed)?,
            seal: Some(Seal {
                key: key.clone(),
                token: push.token,
                nonce: push.nonce,
            }),
            mini_program: self.recipient.keys().is_mini_program(),
        })
    }

    fn decrypt(&self, encrypt: &str) -> Option<(&AesKey, Decrypted)> {
        let mut keys = self.recipient.keys().aes_keys();
        keys.find_map(|key| Some((key, key.decrypt(encrypt).ok()?)))
    }
}
