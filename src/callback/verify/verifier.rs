//! Verifies requests without I/O.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Uri};

use crate::callback::document::{Author, Document, Limits};
use crate::callback::verify::crypto::{AesKey, Frame};
use crate::callback::verify::envelope::{Seal, without_space};
use crate::callback::verify::query::Query;
use crate::callback::verify::readings;
use crate::callback::verify::readings::{Dated, Doubt};
use crate::callback::verify::replay::{Admission, Claim, Replays};
use crate::callback::verify::signature::{Signature, sign};
use crate::callback::verify::signer::Signer;
use crate::callback::{Message, Mode, Recipient, Rejection};
use crate::clock::{Clock, SharedClock};
use crate::secret::Secret;

/// The configuration and state that requests are verified against.
#[derive(Clone)]
pub(crate) struct Verifier {
    pub(crate) recipient: Recipient,
    pub(crate) window: Option<Duration>,
    /// The maximum age of a captured push that is refused under another reading of its signature.
    pub(crate) ambiguity: Duration,
    pub(crate) limits: Limits,
    /// The signatures that were seen recently.
    pub(crate) replays: Replays,
}

/// The time at which the body of a push was complete.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    /// In seconds since the Unix epoch, like timestamps.
    pub(crate) unix: u64,
    pub(crate) monotonic: Duration,
}

/// A request whose sender knows the token.
pub(crate) enum Admitted {
    /// The platform verifies the URL: this text is returned unchanged.
    Echo(String),
    /// A push whose body has not been read.
    Push(Push),
}

/// What the query of a push states about its body.
pub(crate) struct Push {
    timestamp: u64,
    proof: Proof,
}

enum Proof {
    /// Plaintext mode: nothing. The signature covers only the query.
    Clear { signature: Signature },
    /// The other modes: the parameters that sign the ciphertext.
    Sealed {
        signer: Signer,
        msg_signature: Signature,
    },
}

/// A push that was verified as far as its mode permits.
pub(crate) struct Opened {
    pub(crate) message: Message,
    /// Encrypts and signs the reply; `None` in plaintext mode.
    pub(crate) seal: Option<Seal>,
}

impl Verifier {
    /// Verifies everything but the body, at the Unix time `now`.
    pub(crate) fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        now: u64,
        clock: &SharedClock,
    ) -> Result<Admitted, Rejection> {
        if !matches!(*method, Method::GET | Method::POST) {
            return Err(Rejection::Method);
        }
        let query = Query::parse(uri.query().unwrap_or_default())?;
        let timestamp = readings::timestamp(&query.timestamp).ok_or(Rejection::Timestamp)?;
        // Before the signature, because it costs no hash.
        self.check_age(timestamp, now)?;
        let (token, signature) = self.signer(&query).ok_or(Rejection::Signature)?;
        let clear = self.recipient.keys().mode() == Mode::Plaintext;
        if *method == Method::POST {
            let proof = self.proof(uri, &query, token, signature)?;
            if clear {
                let signed = [token.expose(), &query.timestamp, &query.nonce];
                self.check_reading(signed, timestamp, None, now)?;
            }
            return Ok(Admitted::Push(Push { timestamp, proof }));
        }
        if query.echostr.is_empty() {
            return Err(Rejection::MissingParameter);
        }
        // Only in plaintext mode does this signature alone admit a body.
        if clear {
            // Not read by the caller, so that a forged request costs no second clock reading.
            self.replays.take_without_body(signature, clock.monotonic());
        }
        Ok(Admitted::Echo(query.echostr.into_owned()))
    }

    fn check_age(&self, timestamp: u64, now: u64) -> Result<(), Rejection> {
        let age = now.abs_diff(timestamp);
        match self.window {
            Some(window) if age > window.as_secs() => Err(Rejection::StaleTimestamp),
            _ => Ok(()),
        }
    }

    /// Refuses a signature that may have been captured with another timestamp.
    fn check_reading(
        &self,
        signed: [&str; 3],
        timestamp: u64,
        created: Option<u64>,
        now: u64,
    ) -> Result<(), Rejection> {
        // Without a window, a push never becomes stale: a replay needs no other timestamp.
        let Some(window) = self.window else {
            return Ok(());
        };
        let dated = Dated {
            timestamp,
            created,
            now,
            window,
            ambiguity: self.ambiguity,
        };
        let tokens = self.recipient.keys().tokens().map(Secret::expose);
        dated.check(signed, tokens).map_err(|doubt| match doubt {
            Doubt::Captured => Rejection::Replayed,
            Doubt::Ambiguous => Rejection::Ambiguous,
        })
    }

    /// Returns the token that made `signature`.
    fn signer(&self, query: &Query<'_>) -> Option<(&Secret, Signature)> {
        let signature = Signature::parse(&query.signature)?;
        let mut tokens = self.recipient.keys().tokens();
        let token = tokens
            .find(|token| sign([token.expose(), &query.timestamp, &query.nonce]) == signature)?;
        Some((token, signature))
    }

    /// The mode is set by the app's keys, never by the request.
    fn proof(
        &self,
        uri: &Uri,
        query: &Query<'_>,
        token: &Secret,
        signature: Signature,
    ) -> Result<Proof, Rejection> {
        let encrypted = query.encrypt_type == "aes";
        match self.recipient.keys().mode() {
            Mode::Plaintext if encrypted => Err(Rejection::Encrypted),
            Mode::Plaintext => Ok(Proof::Clear { signature }),
            Mode::Compatible | Mode::Secure if !encrypted => Err(Rejection::NotEncrypted),
            Mode::Compatible | Mode::Secure if query.msg_signature.is_empty() => {
                Err(Rejection::MissingParameter)
            }
            Mode::Compatible | Mode::Secure => Ok(Proof::Sealed {
                msg_signature: Signature::parse(&query.msg_signature)
                    .ok_or(Rejection::MsgSignature)?,
                signer: Signer::new(token, uri, query),
            }),
        }
    }

    /// Verifies, decrypts and parses the body, which was complete at `now`, and decides how to
    /// handle the push.
    pub(crate) fn open(
        &self,
        push: Push,
        body: Bytes,
        now: Arrival,
    ) -> Result<(Opened, Admission<Claim>), Rejection> {
        let Push { timestamp, proof } = push;
        // Checked again: a body that is delayed must not arrive after its signature was forgotten.
        self.check_age(timestamp, now.unix)?;
        let (opened, signature) = match proof {
            Proof::Clear { signature } => (self.open_clear(body)?, signature),
            Proof::Sealed {
                signer,
                msg_signature,
            } => {
                let opened = self.open_sealed(signer, msg_signature, body)?;
                if let Some(Seal { signer, .. }) = &opened.seal {
                    let created = opened.message.create_time();
                    self.check_reading(signer.signed(), timestamp, created, now.unix)?;
                }
                (opened, msg_signature)
            }
        };
        let unsigned = opened.seal.is_none().then(|| opened.message.raw_bytes());
        match self.replays.admit(signature, unsigned, now.monotonic) {
            Admission::OtherBody => Err(Rejection::Replayed),
            admission => Ok((opened, admission)),
        }
    }

    fn open_clear(&self, body: Bytes) -> Result<Opened, Rejection> {
        let document = self.push(body)?;
        if document.field("Encrypt").is_some() {
            return Err(Rejection::Encrypted);
        }
        Ok(self.opened(document, None))
    }

    fn open_sealed(
        &self,
        signer: Signer,
        msg_signature: Signature,
        body: Bytes,
    ) -> Result<Opened, Rejection> {
        // The ciphertext may be as long as the body. In compatible mode the envelope also contains
        // the user's text.
        let limits = self.limits.field(usize::MAX);
        let envelope = Document::parse_within(body, limits, Author::Platform);
        let envelope = envelope.map_err(|_| Rejection::NoCiphertext)?;
        // The signature covers no other field of the envelope.
        let encrypt = envelope.field("Encrypt").filter(|text| !text.is_empty());
        let encrypt = encrypt.ok_or(Rejection::NoCiphertext)?;
        let is_signed = |encrypt: &str| signer.sign(encrypt) == msg_signature;
        let encrypt = if is_signed(encrypt) {
            Cow::Borrowed(encrypt)
        } else {
            let joined = without_space(encrypt).filter(|text| is_signed(text));
            Cow::Owned(joined.ok_or(Rejection::MsgSignature)?)
        };
        // Some senders break the ciphertext into lines, before or after signing it.
        let opened = self.decrypt(&encrypt);
        let (key, frame) = opened
            .or_else(|| self.decrypt(&without_space(&encrypt)?))
            .ok_or(Rejection::Undecryptable)?;
        if frame.appid() != self.recipient.appid().as_str().as_bytes() {
            return Err(Rejection::OtherApp);
        }
        let document = self.push(frame.into_message())?;
        let key = key.clone();
        Ok(self.opened(document, Some(Seal { signer, key })))
    }

    /// Parses a verified push. Text written by a user never causes a refusal.
    fn push(&self, document: Bytes) -> Result<Document, Rejection> {
        let document = Document::parse_within(document, self.limits, Author::Platform);
        document.map_err(|_| Rejection::Malformed)
    }

    fn opened(&self, document: Document, seal: Option<Seal>) -> Opened {
        let mini_program = self.recipient.keys().is_mini_program();
        let message = Message::new(self.recipient.appid().clone(), document);
        Opened {
            message: message.of_mini_program(mini_program),
            seal,
        }
    }

    fn decrypt(&self, encrypt: &str) -> Option<(&AesKey, Frame)> {
        // A wrong key is noticed: the length it decrypts to is random, and nearly always too large.
        let mut keys = self.recipient.keys().aes_keys();
        keys.find_map(|key| Some((key, key.open(encrypt)?)))
    }
}
