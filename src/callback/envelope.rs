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
    /// the document are [`HEAD`](crate::callback::crypto::HEAD) bytes of room. The `random` bytes must be new.
    pub(crate) fn envelope(
        &self,
        format: Format,
        document: String,
        appid: &AppId,
        now: u64,
        random: [u8; 16],
    ) -> String {
        let encrypt = self.key.seal(document.into_bytes(), appid.as_str(), random);
        let mut timestamp = itoa::Buffer::new();
        let timestamp = timestamp.format(now);
        // What is signed must be what is written.
        let nonce = legal(self.signer.nonce());
        let signature = self.signer.sign_at(timestamp, &nonce, &encrypt);
        let signature = hex::lower(signature.as_bytes());
        match format {
            Format::Xml => [
                "<xml><Encrypt><![CDATA[",
                &encrypt,
                "]]></Encrypt><MsgSignature><![CDATA[",
                &signature,
                "]]></MsgSignature><TimeStamp>",
                timestamp,
                "</TimeStamp><Nonce><![CDATA[",
                &cdata(&nonce),
                "]]></Nonce></xml>",
            ]
            .concat(),
            Format::Json => [
                "{\"Encrypt\":\"",
                &encrypt,
                "\",\"MsgSignature\":\"",
                &signature,
                "\",\"TimeStamp\":",
                timestamp,
                ",\"Nonce\":",
                &json(&nonce),
                "}",
            ]
            .concat(),
        }
    }
}
