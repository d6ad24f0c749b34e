//! Secrets that cannot be printed, compared in variable time or serialized by accident.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serializer};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::hex;

/// A secret text: an app secret, a token, a session key, a code.
///
/// It is wiped from memory when the last clone is dropped, compares in constant time, prints only
/// a fingerprint, and does not implement `Serialize`: a type that holds one cannot be answered to
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
    /// Takes a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(SecretString::from(text.into())))
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Eight hexadecimal digits that tell two secrets apart in a log without giving either away.
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

/// Writes a secret into an outgoing request. To be named field by field with
/// `#[serde(serialize_with = "tower_wechat::serialize_exposed")]`, so that every place that sends a secret
/// can be found by its name.
///
/// # Errors
/// Only those of the serializer.
pub fn serialize_exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}
