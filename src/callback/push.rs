//! The sending side of a callback: signs a push, encrypts it if the mode requires it, and reads the
//! answer. The forwarder uses it to push to its targets.

use std::fmt::Display;

use crate::app::AppId;
use crate::callback::reply::writer::{Writer, name};
use crate::callback::verify::crypto::AesKey;
use crate::callback::verify::signature::{Signature, sign};
use crate::callback::{Format, Message};
use crate::secret::Secret;

/// The app that pushes, and its keys.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) appid: &'a AppId,
    pub(crate) token: &'a Secret,
    pub(crate) form: Form<'a>,
}

/// How a push is encoded.
#[derive(Clone, Copy)]
pub(crate) enum Form<'a> {
    /// 明文模式.
    Clear,
    /// 兼容模式: the plaintext fields together with their ciphertext.
    Both(&'a AesKey),
    /// 安全模式: only the ciphertext.
    Encrypted(&'a AesKey),
}

/// The values that are unique to a push.
pub(crate) struct Stamp {
    timestamp: String,
    pub(crate) nonce: String,
    random: [u8; 16],
}

impl Stamp {
    /// Creates the stamp of a push at the Unix time `now`. The nonce and the `random` bytes must
    /// not be reused.
    pub(crate) fn new(now: u64, nonce: impl Display, random: [u8; 16]) -> Self {
        Self {
            timestamp: now.to_string(),
            nonce: nonce.to_string(),
            random,
        }
    }
}

/// The answer to a push.
pub(crate) enum Answer {
    /// `success` or an empty body.
    Success,
    /// A plaintext document.
    Clear(Message),
    /// An encrypted document, verified and decrypted.
    Encrypted {
        document: Message,
        envelope: Envelope,
    },
}

/// The signature of an encrypted answer and the values it covers.
pub(crate) struct Envelope {
    pub(crate) timestamp: String,
    pub(crate) nonce: String,
    pub(crate) signature: Signature,
}

impl Sender<'_> {
    /// Builds the query and the body for a push of `document`, addressed to the account `to`.
    pub(crate) fn push(
        &self,
        stamp: &Stamp,
        document: &[u8],
        to: &str,
        openid: &str,
    ) -> (String, Vec<u8>) {
        let openid = ("openid", openid);
        let (key, both) = match self.form {
            Form::Clear => return (self.query(stamp, &[openid]), document.to_owned()),
            Form::Both(key) => (key, true),
            Form::Encrypted(key) => (key, false),
        };
        let encrypt = key.encrypt_bytes(document, self.appid.as_str(), stamp.random);
        let parts = [
            self.token.expose(),
            &stamp.timestamp,
            &stamp.nonce,
            &encrypt,
        ];
        let msg_signature = sign(parts).to_string();
        let encrypted = [
            openid,
            ("encrypt_type", "aes"),
            ("msg_signature", &msg_signature),
        ];
        let beside = both.then(|| beside(document, &encrypt)).flatten();
        // The plaintext copy may be absent: a receiver must use only the ciphertext.
        let body = beside.unwrap_or_else(|| alone(document, to, &encrypt));
        (self.query(stamp, &encrypted), body)
    }

    /// Builds a signed query with `pairs` after the signature. Pairs without a value are omitted.
    pub(crate) fn query(&self, stamp: &Stamp, pairs: &[(&str, &str)]) -> String {
        let signature = sign([self.token.expose(), &stamp.timestamp, &stamp.nonce]).to_string();
        let signed = [
            ("signature", &*signature),
            ("timestamp", &stamp.timestamp),
            ("nonce", &stamp.nonce),
        ];
        let pairs = pairs.iter().copied().filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(signed.into_iter().chain(pairs))
            .finish()
    }

    /// Reads the body of an answer with status 200. The error says what is wrong with it.
    pub(crate) fn answer(&self, body: &[u8]) -> Result<Answer, &'static str> {
        if matches!(body, b"" | b"success") {
            return Ok(Answer::Success);
        }
        let parse = |text: String| Message::of_host(self.appid.clone(), text).ok();
        let text = String::from_utf8(body.to_vec()).ok();
        let outer = text
            .and_then(parse)
            .ok_or("the body is neither success nor a document")?;
        let Some(encrypt) = outer.field("Encrypt") else {
            return match self.form {
                Form::Encrypted(_) => Err("a plaintext reply in secure mode"),
                Form::Clear | Form::Both(_) => Ok(Answer::Clear(outer)),
            };
        };
        let key = match self.form {
            Form::Clear => return Err("an encrypted reply in plaintext mode"),
            Form::Both(key) | Form::Encrypted(key) => key,
        };
        let [timestamp, nonce] = ["TimeStamp", "Nonce"].map(|name| outer.text(name));
        let signature = sign([self.token.expose(), timestamp, nonce, encrypt]);
        if Signature::parse(outer.text("MsgSignature")) != Some(signature) {
            return Err("the signature of the reply is wrong");
        }
        let decrypted = key
            .decrypt(encrypt)
            .map_err(|_| "the reply cannot be decrypted")?;
        if decrypted.appid != self.appid.as_str() {
            return Err("the reply is for another app");
        }
        let document = parse(decrypted.message).ok_or("the reply is not a document")?;
        Ok(Answer::Encrypted {
            document,
            envelope: Envelope {
                timestamp: timestamp.to_owned(),
                nonce: nonce.to_owned(),
                signature,
            },
        })
    }
}

fn alone(document: &[u8], to: &str, encrypt: &str) -> Vec<u8> {
    let mut writer = Writer::new(format_of(document), b"", encrypt.len() + 128);
    writer.text(name!("ToUserName"), to);
    writer.text(name!("Encrypt"), encrypt);
    writer.finish()
}

/// Appends the ciphertext to the plaintext fields. Returns `None` if the document does not end like
/// one of the platform's.
fn beside(document: &[u8], encrypt: &str) -> Option<Vec<u8>> {
    let format = format_of(document);
    let document = document.trim_ascii_end();
    let (clear, start) = match format {
        Format::Xml => (document.strip_suffix(b"</xml>")?, &b"<xml>"[..]),
        Format::Json => (document.strip_suffix(b"}")?.trim_ascii_end(), &b"{"[..]),
    };
    let comma = match format {
        Format::Json if !clear.ends_with(b"{") => &b","[..],
        _ => b"",
    };
    let mut writer = Writer::new(format, b"", encrypt.len() + 64);
    writer.plain(name!("Encrypt"), encrypt);
    let encrypt = writer.finish();
    let encrypt = encrypt.strip_prefix(start)?;
    Some([clear, comma, encrypt].concat())
}

fn format_of(document: &[u8]) -> Format {
    let text = document.strip_prefix("\u{feff}".as_bytes());
    let text = text.unwrap_or(document);
    match text.trim_ascii_start().first() {
        Some(b'{') => Format::Json,
        _ => Format::Xml,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::CallbackKeys;

    const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

    #[test]
    fn the_ciphertext_stands_beside_documents_of_the_platform_only() {
        for (document, both) in [
            (
                "<xml><A>1</A></xml>\n",
                "<xml><A>1</A><Encrypt><![CDATA[c]]></Encrypt></xml>",
            ),
            ("{\"A\":1 } ", "{\"A\":1,\"Encrypt\":\"c\"}"),
            ("{ }", "{\"Encrypt\":\"c\"}"),
        ] {
            let written = beside(document.as_bytes(), "c");
            assert_eq!(written.as_deref(), Some(both.as_bytes()));
        }
        assert_eq!(beside(b"<xml/>", "c"), None);
        assert_eq!(
            alone(b"<xml/>", "gh_1", "c"),
            b"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[c]]></Encrypt></xml>"
        );
        let json = alone("\u{feff} {}".as_bytes(), "gh_1", "c");
        assert_eq!(json, br#"{"ToUserName":"gh_1","Encrypt":"c"}"#);
    }

    #[test]
    fn parameters_without_a_value_are_left_out() {
        let keys = CallbackKeys::secure("thetoken", AES_KEY).unwrap();
        let appid = AppId::new("wx1").unwrap();
        let stamp = Stamp::new(7, "0042", [7; 16]);
        let (query, _) = keys.outgoing(&appid).push(&stamp, b"<xml/>", "", "");
        assert!(!query.contains("openid"), "{query}");
        assert!(
            query.contains("&timestamp=7&nonce=0042&encrypt_type=aes&"),
            "{query}"
        );
    }
}
