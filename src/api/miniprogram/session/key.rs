//! The session key and its signatures.

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
/// It must not reach the client, so it does not implement `Serialize`. To keep it, store
/// [`secret().expose()`](Secret::expose) and restore it with [`new`](Self::new).
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
/// serde_json::to_string(&key); // does not compile: the client must not get the key
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(Secret);

impl SessionKey {
    /// Wraps a key from the platform.
    pub fn new(session_key: impl Into<Secret>) -> Self {
        Self(session_key.into())
    }

    /// Returns the key as a [`Secret`], to store it.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Signs a message: HMAC-SHA256 keyed with the key's text, in lower-case hexadecimal. Source:
    /// 用户登录态签名.
    pub fn sign(&self, message: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose().as_bytes()) else {
            // Unreachable: HMAC accepts keys of any length.
            return String::new();
        };
        mac.update(message.as_bytes());
        hex::lower(&mac.finalize().into_bytes())
    }

    /// Verifies the `signature` that `wx.getUserProfile` and similar calls return for their
    /// `rawData`. Source: 开放数据校验与解密.
    ///
    /// The signature is the SHA-1 digest of the data and the key. It is compared in constant time.
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
    /// Returns [`ErrorKind::Session`](crate::ErrorKind::Session) if the data was changed in
    /// transit, or if the key is not the current one of this session.
    pub fn check_raw_data(&self, raw_data: &str, signature: &str) -> Result<(), Error> {
        let mut sha = Sha1::new();
        sha.update(raw_data.as_bytes());
        sha.update(self.0.expose().as_bytes());
        let expected = hex::lower(&sha.finalize());
        let given = signature.to_ascii_lowercase();
        match bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
            true => Ok(()),
            false => Err(Error::session("the signature of rawData does not match")),
        }
    }

    /// Returns the bytes of the key.
    pub(in crate::api::miniprogram) fn bytes(&self) -> Result<[u8; 16], Error> {
        let bytes = STANDARD.decode(self.0.expose()).ok();
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| {
                Error::input(
                    "session_key",
                    "must be base64 of 16 bytes: pass on the key of jscode2session unchanged",
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
