//! The envelope of an encrypted reply. Source: 消息加解密说明.

use crate::app::AppId;
use crate::callback::Format;
use crate::callback::reply::writer::{Writer, name};
use crate::callback::verify::crypto::AesKey;
use crate::callback::verify::nonce::Nonce;
use crate::callback::verify::readings;
use crate::callback::verify::signer::Signer;
use crate::hex;

/// The parameters that verified a push, which encrypt and sign its reply.
pub(crate) struct Seal {
    pub(crate) signer: Signer,
    pub(crate) key: AesKey,
}

impl Seal {
    /// Encrypts and signs a document for `appid` at the Unix time `now`. The document must have the
    /// prefix [`ROOM`](crate::callback::verify::crypto::ROOM). The `random` bytes must not be
    /// reused.
    ///
    /// A reply uses the keys of its push, but another timestamp and another nonce, so that it
    /// cannot be replayed as a push.
    pub(crate) fn envelope(
        &self,
        format: Format,
        document: Vec<u8>,
        appid: &AppId,
        now: u64,
        random: [u8; 16],
    ) -> Vec<u8> {
        let [_, of_push, _] = self.signer.signed();
        // The timestamps must differ, so the reply is dated one second later if they are equal.
        let is_taken = readings::timestamp(of_push) == Some(now);
        let timestamp = now.saturating_add(is_taken.into());
        let mut digits = itoa::Buffer::new();
        let nonce = Nonce::random();
        let nonce = nonce.as_str();
        // One allocation: base64 adds a third, and everything else takes less than 512 bytes.
        let mut writer = Writer::new(format, b"", 512 + 2 * document.len());
        let signature = writer.plain_by(name!("Encrypt"), |out| {
            let start = out.len();
            self.key.seal(document, appid.as_str(), random, out);
            let encrypt = out.get(start..).unwrap_or_default();
            debug_assert!(!encrypt.is_empty(), "an empty ciphertext would be signed");
            self.signer
                .sign_reply(digits.format(timestamp), nonce, encrypt)
        });
        let mut digits = [0; 40];
        let signature = hex::write(signature.as_bytes(), &mut digits);
        writer.plain(name!("MsgSignature"), signature);
        writer.number(name!("TimeStamp"), timestamp);
        writer.plain(name!("Nonce"), nonce);
        writer.finish()
    }
}

/// Removes the whitespace that some senders insert into a ciphertext. Returns `None` if there is
/// none.
pub(crate) fn without_space(encrypt: &str) -> Option<String> {
    let has_space = encrypt.bytes().any(|byte| byte.is_ascii_whitespace());
    has_space.then(|| encrypt.split_ascii_whitespace().collect())
}
