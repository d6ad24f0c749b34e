//! What a session key signs.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::api::lenient;
use crate::error::Error;
use crate::hex;
use crate::secret::Secret;

/// The key of one user's session (`session_key`): base64 of 16 bytes.
///
/// It must not reach the client, so it does not serialize; to keep it, store
/// [`secret().expose()`](Secret::expose), and take it from there with [`new`](Self::new).
///
/// ```
/// use tower_wechat::api::miniprogram::session::SessionKey;
///
/// let key = SessionKey::new("o0q0otL8aEzpcZL/FT9WsQ==");
/// assert!(key.sign(r#"{"foo":"bar"}"#).starts_with("654571f79995b2ce"));
/// ```
///
/// ```compile_fail,E0277
/// # use tower_wechat::api::miniprogram::session::SessionKey;
/// # let key = SessionKey::new("o0q0otL8aEzpcZL/FT9WsQ==");
/// serde_json::to_string(&key); // the client must not have it
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(Secret);

impl SessionKey {
    /// Takes a key as the platform gave it.
    pub fn new(session_key: impl Into<Secret>) -> Self {
        Self(session_key.into())
    }

    /// The key as a [`Secret`], to store it.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// HMAC-SHA256 of a message, keyed with the text of the key, in lower-case hexadecimal. Source:
    /// 用户登录态签名.
    pub fn sign(&self, message: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose().as_bytes()) else {
            // Keys of every length are taken.
            return String::new();
        };
        mac.update(message.as_bytes());
        hex::lower(&mac.finalize().into_bytes())
    }

    /// Checks the `signature` that `wx.getUserProfile` and its like give for their `rawData`:
    /// SHA-1 of the data and the key, compared in constant time. Source: 开放数据校验与解密.
    ///
    /// ```
    /// use tower_wechat::ErrorKind;
    /// use tower_wechat::api::miniprogram::session::SessionKey;
    ///
    /// let key = SessionKey::new("HyVFkGl5F5OQWJZZaNzBBg==");
    /// let error = key.check_raw_data("{}", "75e81ceda165f4ffa64f4068af58c64b8f54b88c").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Session);
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Session`](crate::ErrorKind::Session): the data was changed on its way, or the
    /// key is not the one of this session any more.
    pub fn check_raw_data(&self, raw_data: &str, signature: &str) -> Result<(), Error> {
        let mut sha = Sha1::new();
        sha.update(raw_data.as_bytes());
        sha.update(self.0.expose().as_bytes());
        let expected = hex::lower(&sha.finalize());
        let given = signature.to_ascii_lowercase();
        match bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
            true => Ok(()),
            false => Err(Error::session("the signature of rawData does not fit")),
        }
    }

    /// The bytes of the key.
    pub(in crate::api::miniprogram) fn bytes(&self) -> Result<[u8; 16], Error> {
        let bytes = STANDARD.decode(self.0.expose()).ok();
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| {
                Error::input(
                    "session_key",
                    "must be base64 of 16 bytes: take it from jscode2session as it is",
                )
            })
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey(#{})", self.0.fingerprint())
    }
}

impl<'de> Deserialize<'de> for SessionKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer).map(Self)
    }
}
