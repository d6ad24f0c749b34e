//! The envelope around a ciphertext. Source: 消息加解密说明.

use crate::app::AppId;
use crate::callback::Format;
use crate::callback::crypto::AesKey;
use crate::callback::signer::Signer;
use crate::callback::writer::{Writer, legal};

/// What a push was verified with, and its reply is sealed with.
pub(crate) struct Seal {
    /// The reply repeats the nonce of the push.
    pub(crate) signer: Signer,
    pub(crate) key: AesKey,
}

impl Seal {
    /// Encrypts and signs `document` for `appid`, at the time `now`, in Unix seconds.
    pub(crate) fn envelope(
        &self,
        format: Format,
        document: &str,
        appid: &AppId,
        now: u64,
        random: [u8; 16],
    ) -> String {
        let encrypt = self.key.encrypt(document, appid.as_str(), random);
        let mut timestamp = itoa::Buffer::new();
        let timestamp = timestamp.format(now);
        // What is signed must be what is written.
        let nonce = legal(self.signer.nonce());
        let signature = self.signer.sign_at(timestamp, &nonce, &encrypt);
        let mut writer = Writer::new(format, encrypt.len() + nonce.len() + 256);
        writer.plain("Encrypt", &encrypt);
        writer.plain("MsgSignature", &signature.to_string());
        writer.number("TimeStamp", now);
        writer.legal("Nonce", &nonce);
        writer.finish()
    }
}
