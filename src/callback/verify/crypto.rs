//! The encryption of pushes and replies: AES-256-CBC over a frame of 16 random bytes, the length of
//! the message, the message and the appid.
//!
//! The cipher does not authenticate: check `msg_signature` before decrypting. Source:
//! 消息加解密说明.

use std::fmt;
use std::sync::{Arc, LazyLock};

use aes::{Aes256Dec, Aes256Enc};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::{Buf, Bytes};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use subtle::ConstantTimeEq;

use crate::error::Error;

/// The length of an EncodingAESKey, in characters.
const ENCODED_LEN: usize = 43;
/// The block size of the padding, in bytes. The platform pads to 32, although AES blocks have 16.
const PAD: usize = 32;
/// The length of the frame's head: the random bytes and the length of the message.
const HEAD: usize = ROOM.len();
/// The placeholder for the head, which is filled in when the frame is encrypted.
pub(crate) const ROOM: [u8; 20] = [0; 20];

/// Decodes keys. They have no `=`, and three in four have trailing bits that are not zero.
const KEY: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Decodes and encodes ciphertexts, with SIMD instructions where there is an implementation.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static BASE64: LazyLock<base64::engine::Simd> =
    LazyLock::new(|| base64::engine::Simd::standard(GeneralPurposeConfig::new()));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static BASE64: LazyLock<GeneralPurpose> =
    LazyLock::new(|| GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new()));

/// A decoded EncodingAESKey with its expanded key schedules. Cheap to clone.
///
/// ```
/// use tower_wechat::callback::crypto::AesKey;
///
/// let key = AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")?;
/// let encrypt = key.encrypt("<xml/>", "wxb11529c136998cb6", *b"aaaabbbbccccdddd");
/// let decrypted = key.decrypt(&encrypt).unwrap();
/// assert_eq!(decrypted.message, "<xml/>");
/// assert_eq!(decrypted.appid, "wxb11529c136998cb6");
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct AesKey(Arc<Prepared>);

struct Prepared {
    encrypt: Aes256Enc,
    decrypt: Aes256Dec,
    key: [u8; 32],
    iv: [u8; 16],
}

impl AesKey {
    /// Decodes an EncodingAESKey of 43 letters and digits.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for any other text.
    pub fn parse(encoding_aes_key: impl AsRef<str>) -> Result<Self, Error> {
        let encoded = encoding_aes_key.as_ref();
        let illegal = |_| {
            Error::input(
                "aes_key",
                format!(
                    "must be {ENCODED_LEN} letters and digits (it has {} bytes): copy the \
                     EncodingAESKey from 消息推送 in the 微信开发者平台",
                    encoded.len()
                ),
            )
        };
        let bytes = KEY.decode(encoded).map_err(|_| illegal(()))?;
        let key: [u8; 32] = bytes.try_into().map_err(|_| illegal(()))?;
        // The platform uses the first 16 bytes of the key as the IV.
        let mut iv = [0; 16];
        iv.iter_mut().zip(key).for_each(|(to, from)| *to = from);
        Ok(Self(Arc::new(Prepared {
            encrypt: Aes256Enc::new(&key.into()),
            decrypt: Aes256Dec::new(&key.into()),
            key,
            iv,
        })))
    }

    /// Decrypts the text of an `Encrypt` element.
    ///
    /// # Errors
    /// [`DecryptError`], which does not reveal the step that failed.
    pub fn decrypt(&self, encrypt: &str) -> Result<Decrypted, DecryptError> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| DecryptError);
        let frame = self.open(encrypt).ok_or(DecryptError)?;
        Ok(Decrypted {
            message: text(frame.message())?,
            appid: text(frame.appid())?,
        })
    }

    /// Decrypts into a frame without copying.
    pub(crate) fn open(&self, encrypt: &str) -> Option<Frame> {
        let mut bytes = BASE64.decode(encrypt).ok()?;
        cbc::Decryptor::inner_iv_init(&self.0.decrypt, &self.0.iv.into())
            // `Pkcs7` rejects padding longer than a block, and the platform's has up to 32 bytes.
            .decrypt_padded::<NoPadding>(&mut bytes)
            .ok()?;
        bytes.truncate(unpadded(&bytes)?);
        Frame::new(bytes)
    }

    /// Encrypts a message for `appid`. The `random` bytes must not be reused; the platform uses
    /// letters and digits.
    pub fn encrypt(&self, message: &str, appid: &str, random: [u8; 16]) -> String {
        self.encrypt_bytes(message.as_bytes(), appid, random)
    }

    /// Like [`encrypt`](Self::encrypt), for a message that need not be valid UTF-8.
    pub(crate) fn encrypt_bytes(&self, message: &[u8], appid: &str, random: [u8; 16]) -> String {
        let mut frame = Vec::with_capacity(HEAD + message.len() + appid.len() + PAD);
        frame.extend_from_slice(&ROOM);
        frame.extend_from_slice(message);
        let mut encrypt = Vec::new();
        self.seal(frame, appid, random, &mut encrypt);
        // Base64 is always valid UTF-8.
        String::from_utf8(encrypt).unwrap_or_default()
    }

    /// Encrypts a frame that starts with [`ROOM`] followed by the message, and appends it to `out`.
    pub(crate) fn seal(
        &self,
        mut frame: Vec<u8>,
        appid: &str,
        random: [u8; 16],
        out: &mut Vec<u8>,
    ) {
        // The length field cannot hold 4 GiB or more. The platform would refuse such a message
        // anyway.
        let message_len = u32::try_from(frame.len().saturating_sub(HEAD)).unwrap_or(u32::MAX);
        debug_assert!(frame.len() >= HEAD, "the frame has no room for its head");
        if let Some((head, rest)) = frame.split_first_chunk_mut()
            && let Some(len) = rest.first_chunk_mut()
        {
            (*head, *len) = (random, message_len.to_be_bytes());
        }
        frame.extend_from_slice(appid.as_bytes());
        let pad = PAD - frame.len() % PAD;
        frame.resize(frame.len() + pad, u8::try_from(pad).unwrap_or_default());
        let (filled, start) = (frame.len(), out.len());
        let encrypted = cbc::Encryptor::inner_iv_init(&self.0.encrypt, &self.0.iv.into())
            .encrypt_padded::<NoPadding>(&mut frame, filled);
        let encoded = base64::encoded_len(filled, true).unwrap_or_default();
        out.resize(start + encoded, 0);
        debug_assert!(
            encrypted.is_ok(),
            "the frame is not a whole number of blocks"
        );
        if let (Ok(bytes), Some(room)) = (encrypted, out.get_mut(start..)) {
            // Cannot fail: the length is a multiple of the block size, and the buffer has the exact
            // size.
            let _ = BASE64.encode_slice(bytes, room);
        }
    }
}

impl PartialEq for AesKey {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.key.ct_eq(&other.0.key).into()
    }
}

impl Eq for AesKey {}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey(..)")
    }
}

/// The content of a ciphertext.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decrypted {
    /// The document, XML or JSON.
    pub message: String,
    /// The id of the app that the document was encrypted for. Compare it with the expected app.
    pub appid: String,
}

/// Omits the content, which is a user's message.
impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decrypted")
            .field("message_len", &self.message.len())
            .field("appid", &self.appid)
            .finish()
    }
}

/// The error of a text that was not encrypted with this key. It does not reveal the step that
/// failed, so it cannot serve as a padding oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecryptError;

impl fmt::Display for DecryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not encrypted with this key")
    }
}

impl std::error::Error for DecryptError {}

/// Returns the length of `frame` without its padding: 1 to 32 bytes, each equal to their number.
fn unpadded(frame: &[u8]) -> Option<usize> {
    let last = *frame.last()?;
    let pad = usize::from(last);
    if !(1..=PAD).contains(&pad) {
        return None;
    }
    let at = frame.len().checked_sub(pad)?;
    // Compares without an early exit, so that the time does not reveal where the padding differs.
    let difference = frame
        .get(at..)?
        .iter()
        .fold(0, |all, byte| all | (byte ^ last));
    (difference == 0).then_some(at)
}

/// The content of a ciphertext, in the buffer it was decrypted in: the head, the message and the
/// appid. Message and appid need not be valid UTF-8.
pub(crate) struct Frame {
    bytes: Vec<u8>,
    /// The end of the message. Both `HEAD` and `end` are within `bytes`.
    end: usize,
}

impl Frame {
    fn new(bytes: Vec<u8>) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let len = usize::try_from(u32::from_be_bytes(*head.last_chunk()?)).ok()?;
        // A wrong key yields a random length.
        rest.split_at_checked(len)?;
        Some(Self {
            end: HEAD + len,
            bytes,
        })
    }

    fn message(&self) -> &[u8] {
        self.bytes.get(HEAD..self.end).unwrap_or_default()
    }

    pub(crate) fn appid(&self) -> &[u8] {
        self.bytes.get(self.end..).unwrap_or_default()
    }

    pub(crate) fn into_message(mut self) -> Bytes {
        self.bytes.truncate(self.end);
        let mut bytes = Bytes::from(self.bytes);
        bytes.advance(HEAD.min(bytes.len()));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY_TEXT: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

    #[test]
    fn every_message_length_and_hence_every_padding_comes_back() {
        let key = AesKey::parse(KEY_TEXT).unwrap();
        for len in 0..=300 {
            let message = "m".repeat(len);
            let encrypt = key.encrypt(&message, "wx5823bf96d3bd56c7", [7; 16]);
            let frame = BASE64.decode(&encrypt).unwrap();
            assert_eq!(frame.len() % PAD, 0);
            assert!(frame.len() > HEAD + len + 18, "a pad byte at least");
            let decrypted = key.decrypt(&encrypt).unwrap();
            assert_eq!(
                (decrypted.message, &*decrypted.appid),
                (message, "wx5823bf96d3bd56c7")
            );
        }
    }

    #[test]
    fn padding_beyond_the_block_or_uneven_is_refused() {
        assert_eq!(unpadded(&[1]), Some(0));
        assert_eq!(unpadded(&[32; 32]), Some(0));
        assert_eq!(unpadded(&[9, 2, 2]), Some(1));
        for wrong in [&[][..], &[0], &[33; 64], &[2], &[1, 2], &[3, 2, 3]] {
            assert_eq!(unpadded(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_length_beyond_the_frame_is_refused() {
        let mut frame = vec![0; 16];
        frame.extend_from_slice(&u32::MAX.to_be_bytes());
        frame.extend_from_slice(b"message");
        assert!(Frame::new(frame).is_none());
        assert!(Frame::new(vec![0; 19]).is_none());
    }

    #[test]
    fn a_key_of_another_length_is_named_without_showing_it() {
        for wrong in [
            "",
            "short",
            &KEY_TEXT[1..],
            &format!("{KEY_TEXT}="),
            &"é".repeat(43),
        ] {
            let error = AesKey::parse(wrong).unwrap_err();
            assert_eq!(error.field(), Some("aes_key"));
            assert!(wrong.is_empty() || !format!("{error} {error:?}").contains(wrong));
        }
    }

    proptest! {
        #[test]
        fn any_key_and_message_come_back(key in "[A-Za-z0-9]{43}", message in any::<String>(), random: [u8; 16]) {
            let key = AesKey::parse(key).unwrap();
            let decrypted = key.decrypt(&key.encrypt(&message, "wx1", random)).unwrap();
            prop_assert_eq!(decrypted.message, message);
            prop_assert_eq!(decrypted.appid, "wx1");
        }

        #[test]
        fn arbitrary_ciphertext_never_panics(bytes: Vec<u8>, text: String) {
            let key = AesKey::parse(KEY_TEXT).unwrap();
            let _ = key.decrypt(&text);
            let _ = key.decrypt(&BASE64.encode(&bytes));
            let _ = unpadded(&bytes);
            if let Some(frame) = Frame::new(bytes) {
                let message = frame.message().to_vec();
                prop_assert_eq!(frame.into_message(), message);
            }
        }
    }
}
