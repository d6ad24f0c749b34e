//! The keys of a `CodeStore`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::app::AppId;
use crate::hex;
use crate::secret::Secret;

/// Identifies a code, or the state of an attempt, in a [`CodeStore`](super::CodeStore). All
/// instances compute the same key.
///
/// The key is displayed as 64 hexadecimal digits, suitable as a database key. It is a SHA-256 hash,
/// so it reveals neither the code nor the state.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeKey([u8; 32]);

impl CodeKey {
    /// Computes the key of a code.
    pub(crate) fn of_code(appid: &AppId, code: &Secret) -> Self {
        Self::of(&["code", appid.as_str(), code.expose()])
    }

    /// Computes the key of the user who signed in with a state. Services with other settings might
    /// not have accepted this user: they have another key.
    pub(super) fn of_user(appid: &AppId, state: &str, settings: &[&str]) -> Self {
        let parts = ["user", appid.as_str(), state];
        Self::of(&[&parts, settings].concat())
    }

    /// Computes the key of an attempt, which a record names instead of its state.
    pub(super) fn of_state(appid: &AppId, state: &str) -> Self {
        Self::of(&["state", appid.as_str(), state])
    }

    /// Returns the bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // Length-prefixed, so that no byte can move from one part to the next.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }
}

impl fmt::Display for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(hex::write(&self.0, &mut [0; 64]))
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeKey({self})")
    }
}

impl Serialize for CodeKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CodeKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let mut key = [0; 32];
        match base16ct::lower::decode(&digits, &mut key) {
            Ok(decoded) if decoded.len() == 32 => Ok(Self(key)),
            _ => Err(serde::de::Error::custom("is not 64 hexadecimal digits")),
        }
    }
}
