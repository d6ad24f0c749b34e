//! The envelope around a ciphertext. Source: 消息加解密说明.

use crate::app::AppId;
use crate::callback::Format;
use crate::callback::crypto::AesKey;
use crate::callback::signer::Signer;
use crate::callback::writer::{cdata, json, legal};
use crate::hex;

/// What a push was verified with, and its reply is sealed with.
pub(crate) struct Seal {
    /// The reply repeats the nonce of the push.
    pub(crate) signer: Signer,
    pub(crate) key: AesKey,
}

impl Seal {
    /// Encrypts and signs a document for `appid`, at the time `now`, in Unix seconds. In front of
    /// the document is [`ROOM`](crate::callback::crypto::ROOM). The `random` bytes must be new.
    pub(crate) fn envelope(
        &self,
        format: Format,
        document: String,
        appid: &AppId,
        now: u64,
        random: [u8; 16],
    ) -> Vec<u8> {
        let mut timestamp = itoa::Buffer::new();
        let timestamp = timestamp.format(now);
        // What is signed must be what is written.
        let nonce = legal(self.signer.nonce());
        let (before, written) = match format {
            Format::Xml => ("<xml><Encrypt><![CDATA[", cdata(&nonce)),
            Format::Json => ("{\"Encrypt\":\"", json(&nonce).into()),
        };
        let mut envelope = Vec::with_capacity(512 + 2 * document.len());
        envelope.extend_from_slice(before.as_bytes());
        let document = document.into_bytes();
        (self.key).seal(document, appid.as_str(), random, &mut envelope);
        let encrypt = envelope.get(before.len()..).unwrap_or_default();
        let signature = self.signer.sign_at(timestamp, &nonce, encrypt);
        let mut digits = [0; 40];
        let signature = hex::write(signature.as_bytes(), &mut digits);
        let behind = match format {
            Format::Xml => [
                "]]></Encrypt><MsgSignature><![CDATA[",
                signature,
                "]]></MsgSignature><TimeStamp>",
                timestamp,
                "</TimeStamp><Nonce><![CDATA[",
                &written,
                "]]></Nonce></xml>",
            ],
            Format::Json => [
                "\",\"MsgSignature\":\"",
                signature,
                "\",\"TimeStamp\":",
                timestamp,
                ",\"Nonce\":",
                &written,
                "}",
            ],
        };
        for piece in behind {
            envelope.extend_from_slice(piece.as_bytes());
        }
        envelope
    }
}
