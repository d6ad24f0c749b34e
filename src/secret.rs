//! Secrets that can't be printed, serialized or compared in variable time by accident.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serializer};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::hex;

/// A secret text, such as an app secret, a token, a session key or a code.
///
/// It is wiped from memory when the last clone is dropped, compares in constant time, and prints
/// only a fingerprint. It does not implement `Serialize`, so a type that holds one can't be sent to
/// a client by accident.
///
/// ```
/// use tower_wechat::Secret;
///
/// let secret = Secret::new("0123456789abcdef0123456789abcdef");
/// assert_eq!(format!("{secret:?}"), "Secret(#b1775a78)");
/// assert_eq!(secret.expose().len(), 32);
/// ```
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    /// Creates a secret from a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(SecretString::from(text.into())))
    }

    /// Returns the text itself. Call it only where the secret is sent.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns eight hexadecimal digits that distinguish secrets in a log without revealing them.
    pub fn fingerprint(&self) -> String {
        hex::first(&Sha1::digest(self.expose().as_bytes()), 8)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret(#{})", self.fingerprint())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose()
            .as_bytes()
            .ct_eq(other.expose().as_bytes())
            .into()
    }
}

impl Eq for Secret {}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Serializes a secret into an outgoing request.
///
/// Name it field by field with `#[serde(serialize_with = "tower_wechat::serialize_exposed")]`.
/// Every field that sends a secret can then be found by searching for that name.
///
/// # Errors
/// Returns only the errors of the serializer.
pub fn serialize_exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}
