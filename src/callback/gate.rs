//! Decides whether a request is a push of the platform, without I/O.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use bytestring::ByteString;
use http::{Method, Uri};

use crate::callback::crypto::{AesKey, Frame};
use crate::callback::envelope::Seal;
use crate::callback::query::Query;
use crate::callback::replay::Replays;
use crate::callback::signature::{Signature, sign};
use crate::callback::signer::Signer;
use crate::callback::tree::{Limits, Tree};
use crate::callback::{Message, Mode, Recipient, Rejection};
use crate::secret::Secret;

/// What requests are checked against.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) recipient: Recipient,
    pub(crate) window: Option<Duration>,
    pub(crate) limits: Limits,
    /// The clear pushes that were taken lately.
    pub(crate) replays: Replays,
}

/// A request whose sender knows the token.
pub(crate) enum Admitted {
    /// The platform verifies the URL: this text goes back as it came.
    Echo(String),
    /// A push, whose body is still to be read.
    Push(Push),
}

/// What the query of a push says about its body.
pub(crate) enum Push {
    /// In plaintext mode, nothing: the signature covers the query alone.
    Clear { signature: Signature },
    /// In the other modes, what the ciphertext is signed with.
    Sealed {
        signer: Signer,
        msg_signature: Signature,
    },
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
        uri: &Uri,
        now: u64,
    ) -> Result<Admitted, Rejection> {
        if !matches!(*method, Method::GET | Method::POST) {
            return Err(Rejection::Method);
        }
        let query = Query::parse(uri.query().unwrap_or_default())?;
        self.check_age(&query.timestamp, now)?;
        let (token, signature) = self.signer(&query).ok_or(Rejection::Signature)?;
        if *method == Method::POST {
            return self.push(uri, &query, token, signature).map(Admitted::Push);
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
    fn signer(&self, query: &Query<'_>) -> Option<(&Secret, Signature)> {
        let signature = Signature::parse(&query.signature)?;
        let mut tokens = self.recipient.keys().tokens();
        let token = tokens
            .find(|token| sign([token.expose(), &query.timestamp, &query.nonce]) == signature)?;
        Some((token, signature))
    }

    /// The mode is the app's, whatever the request says.
    fn push(
        &self,
        uri: &Uri,
        query: &Query<'_>,
        token: &Secret,
        signature: Signature,
    ) -> Result<Push, Rejection> {
        let encrypted = query.encrypt_type == "aes";
        match self.recipient.keys().mode() {
            Mode::Plaintext if encrypted => Err(Rejection::Encrypted),
            Mode::Plaintext => Ok(Push::Clear { signature }),
            Mode::Compatible | Mode::Secure if !encrypted => Err(Rejection::NotEncrypted),
            Mode::Compatible | Mode::Secure if query.msg_signature.is_empty() => {
                Err(Rejection::MissingParameter)
            }
            Mode::Compatible | Mode::Secure => Ok(Push::Sealed {
                msg_signature: Signature::parse(&query.msg_signature)
                    .ok_or(Rejection::MsgSignature)?,
                signer: Signer::new(token, uri, query),
            }),
        }
    }

    /// Checks, decrypts and parses the body, which is there since `now`.
    pub(crate) fn open(
        &self,
        push: Push,
        body: Bytes,
        now: SystemTime,
    ) -> Result<Opened, Rejection> {
        match push {
            Push::Clear { signature } => self.open_clear(signature, body, now),
            Push::Sealed {
                signer,
                msg_signature,
            } => self.open_sealed(signer, msg_signature, body),
        }
    }

    fn open_clear(
        &self,
        signature: Signature,
        body: Bytes,
        now: SystemTime,
    ) -> Result<Opened, Rejection> {
        let text = ByteString::try_from(body).map_err(|_| Rejection::Malformed)?;
        let tree = Tree::parse_within(text, self.limits).map_err(|_| Rejection::Malformed)?;
        if tree.field("Encrypt").is_some() {
            return Err(Rejection::Encrypted);
        }
        if !self.replays.admit(signature, tree.raw(), now) {
            return Err(Rejection::Replayed);
        }
        Ok(self.opened(tree, None))
    }

    fn open_sealed(
        &self,
        signer: Signer,
        msg_signature: Signature,
        body: Bytes,
    ) -> Result<Opened, Rejection> {
        let text = ByteString::try_from(body).map_err(|_| Rejection::NoCiphertext)?;
        // The ciphertext is as long as the body.
        let limits = self.limits.field(usize::MAX);
        let envelope = Tree::parse_within(text, limits).map_err(|_| Rejection::NoCiphertext)?;
        // Whatever else the envelope holds is not covered by the signature.
        let encrypt = envelope.field("Encrypt").filter(|text| !text.is_empty());
        let encrypt = encrypt.ok_or(Rejection::NoCiphertext)?;
        if signer.sign(encrypt) != msg_signature {
            return Err(Rejection::MsgSignature);
        }
        let (key, frame) = self.decrypt(encrypt).ok_or(Rejection::Undecryptable)?;
        if frame.appid() != self.recipient.appid().as_str().as_bytes() {
            return Err(Rejection::OtherApp);
        }
        let text = ByteString::try_from(frame.into_message()).map_err(|_| Rejection::Malformed)?;
        let tree = Tree::parse_within(text, self.limits).map_err(|_| Rejection::Malformed)?;
        let key = key.clone();
        Ok(self.opened(tree, Some(Seal { signer, key })))
    }

    fn opened(&self, tree: Tree, seal: Option<Seal>) -> Opened {
        Opened {
            message: Message::new(self.recipient.appid().clone(), tree),
            seal,
            mini_program: self.recipient.keys().is_mini_program(),
        }
    }

    fn decrypt(&self, encrypt: &str) -> Option<(&AesKey, Frame)> {
        let mut keys = self.recipient.keys().aes_keys();
        keys.find_map(|key| Some((key, key.open(encrypt)?)))
    }
}
