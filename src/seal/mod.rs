//! Encryption of what is stored outside of the process.

use std::path::Path;
use std::sync::Arc;
use std::{env, fmt, fs};

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use crate::error::Error;
use crate::hex;

/// The first byte of a stored value.
const PLAIN: u8 = 0;
const SEALED: u8 = 1;

const ID_LEN: usize = 4;
const NONCE_LEN: usize = 12;

/// A key of 32 bytes that encrypts what a store keeps outside of this process: what `RedisStore`
/// writes to Redis, or `EmbeddedInboxStore` to its file.
///
/// Generate one with `openssl rand -base64 32`. Its `Debug` output shows its number only.
///
/// ```
/// use tower_wechat::shared::SealKey;
///
/// let key = SealKey::from_base64("p9Vb0QmYw1cX4fHk8sJtZr2uEoLnDgAi6TyKxMv3W5s=")?;
/// assert!(SealKey::from_base64("too short").is_err());
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct SealKey(Arc<Zeroizing<[u8; 32]>>);

impl SealKey {
    /// Creates a key from its bytes.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(Zeroizing::new(key)))
    }

    /// Reads a key in base64. Surrounding whitespace is ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) unless it is the base64 of 32 bytes.
    pub fn from_base64(key: &str) -> Result<Self, Error> {
        let bytes = STANDARD.decode(key.trim()).map(Zeroizing::new);
        let bytes = bytes
            .ok()
            .and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(Self::new).ok_or_else(|| {
            let message =
                "must be the base64 of 32 bytes: create one with `openssl rand -base64 32`";
            Error::input("seal_key", message)
        })
    }

    /// Reads a key in base64 from an environment variable.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the variable is not set, or as
    /// [`from_base64`](Self::from_base64).
    pub fn from_env(name: &str) -> Result<Self, Error> {
        let key = env::var(name).map(Zeroizing::new);
        let key = key.map_err(|_| {
            Error::config(format!(
                "the environment variable {name} is not set, or is not text"
            ))
        })?;
        Self::from_base64(&key)
    }

    /// Reads a key in base64 from a file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the file cannot be read, or as
    /// [`from_base64`](Self::from_base64).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let key = fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| {
                Error::config(format!(
                    "could not read the seal key {}: {error}",
                    path.display()
                ))
            })?;
        Self::from_base64(&key)
    }

    /// Derives a key for one purpose.
    fn derive(&self, purpose: &str, of: &str) -> [u8; 32] {
        self.mac(&[purpose.as_bytes(), &[0], of.as_bytes()])
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // An HMAC accepts a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            return [0; 32];
        };
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    /// Returns the number that a sealed value names its key by.
    fn id(&self) -> [u8; ID_LEN] {
        let [a, b, c, d, ..] = self.derive("id", "");
        [a, b, c, d]
    }

    /// Returns the cipher of one record. Each record has a key of its own, so that random nonces
    /// suffice however many records there are.
    fn cipher(&self, name: &str) -> Aes256Gcm {
        let key = Zeroizing::new(self.derive("record", name));
        Aes256Gcm::new((&*key).into())
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey(#{})", hex::write(&self.id(), &mut [0; 8]))
    }
}

/// The keys of a store, if it has any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seal {
    pub(crate) current: Option<SealKey>,
    pub(crate) previous: Option<SealKey>,
}

impl Seal {
    /// Returns what is stored as the value of the record `name`.
    pub(crate) fn close(&self, name: &str, value: &[u8]) -> Vec<u8> {
        let Some(key) = &self.current else {
            return [&[PLAIN], value].concat();
        };
        let nonce: [u8; NONCE_LEN] = rand::random();
        let payload = Payload {
            msg: value,
            aad: name.as_bytes(),
        };
        // Fails only for values of many gigabytes. The record is then a miss.
        let sealed = key.cipher(name).encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.unwrap_or_default();
        [&[SEALED], &key.id()[..], &nonce[..], &sealed[..]].concat()
    }

    /// Returns the value of the record `name`, or `None` if it was stored under another name, with
    /// another key, or not by this crate.
    pub(crate) fn open(&self, name: &str, stored: &[u8]) -> Option<Vec<u8>> {
        let (kind, rest) = stored.split_first()?;
        match (*kind, &self.current) {
            (PLAIN, None) => Some(rest.to_vec()),
            (SEALED, Some(_)) => {
                let (id, rest) = rest.split_first_chunk::<ID_LEN>()?;
                let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
                let mut keys = self.current.iter().chain(&self.previous);
                let key = keys.find(|key| key.id() == *id)?;
                let payload = Payload {
                    msg: sealed,
                    aad: name.as_bytes(),
                };
                key.cipher(name).decrypt(&Nonce::from(*nonce), payload).ok()
            }
            // An unsealed record may have been written by anyone, and a sealed one needs a key.
            _ => None,
        }
    }

    /// Returns how `id` appears in the name of a key: a keyed hash, if there is a key.
    ///
    /// Uses the previous key while there is one, so that instances with and without the new key
    /// find the same records.
    #[cfg(feature = "redis")]
    pub(crate) fn name(&self, kind: &str, id: &str) -> String {
        match self.previous.as_ref().or(self.current.as_ref()) {
            None => id.to_owned(),
            Some(key) => hex::first(&key.derive(&format!("name:{kind}"), id), 32),
        }
    }

    /// Returns a digest that stands for a secret in Redis, to compare it there.
    #[cfg(feature = "redis")]
    pub(crate) fn digest(&self, secret: &str) -> String {
        let name = self.previous.as_ref().or(self.current.as_ref());
        match name {
            None => hex::first(&<Sha256 as sha2::Digest>::digest(secret), 32),
            Some(key) => hex::first(&key.derive("digest", secret), 32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(current: u8, previous: Option<u8>) -> Seal {
        let key = |byte| SealKey::new([byte; 32]);
        Seal {
            current: Some(key(current)),
            previous: previous.map(key),
        }
    }

    #[test]
    fn a_value_is_read_back_under_its_name_only() {
        let seal = sealed(1, None);
        let stored = seal.close("a", b"value");
        assert_eq!(seal.open("a", &stored), Some(b"value".to_vec()));
        assert_eq!(seal.open("b", &stored), None);
        assert_ne!(seal.close("a", b"value"), stored);
        for at in 0..stored.len() {
            let mut changed = stored.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open("a", &changed), None, "byte {at}");
            assert_eq!(seal.open("a", &stored[..at]), None);
        }
    }

    #[test]
    fn the_previous_key_is_read_and_names_the_records() {
        let (old, both, new) = (sealed(1, None), sealed(2, Some(1)), sealed(2, None));
        let stored = old.close("a", b"value");
        assert_eq!(both.open("a", &stored), Some(b"value".to_vec()));
        assert_eq!(new.open("a", &stored), None);
        assert_eq!(old.open("a", &both.close("a", b"value")), None);
        assert_eq!(
            new.open("a", &both.close("a", b"value")),
            Some(b"value".to_vec())
        );
        #[cfg(feature = "redis")]
        assert_eq!(old.name("code", "x"), both.name("code", "x"));
        #[cfg(feature = "redis")]
        assert_ne!(old.name("code", "x"), new.name("code", "x"));
    }

    #[test]
    fn without_the_key_a_record_is_a_miss_and_so_is_a_plain_one_with_it() {
        let (plain, seal) = (Seal::default(), sealed(1, None));
        assert_eq!(plain.open("a", &seal.close("a", b"value")), None);
        assert_eq!(seal.open("a", &plain.close("a", b"value")), None);
        assert_eq!(
            plain.open("a", &plain.close("a", b"value")),
            Some(b"value".to_vec())
        );
    }

    #[test]
    fn debug_output_shows_no_key() {
        let key = SealKey::new(*b"0123456789abcdef0123456789abcdef");
        assert!(!format!("{key:?}").contains("30313233"));
        assert_eq!(format!("{key:?}").len(), "SealKey(#00000000)".len());
    }
}
