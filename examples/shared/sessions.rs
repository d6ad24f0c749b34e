//! Sessions in signed cookies, which all instances with the same key can read.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

/// A real application also ends its sessions, which needs a store that the instances share.
#[derive(Clone)]
pub(crate) struct Sessions(Arc<Hmac<Sha256>>);

impl Sessions {
    pub(crate) fn new(key: &str) -> Result<Self, &'static str> {
        let mac = Hmac::new_from_slice(key.as_bytes());
        let mac = mac.ok().filter(|_| key.len() >= 32);
        let mac = mac.ok_or("--key must have at least 32 characters")?;
        Ok(Self(Arc::new(mac)))
    }

    /// Returns the `Set-Cookie` header of a session.
    pub(crate) fn cookie(&self, user: &impl Serialize) -> Option<HeaderValue> {
        let user = URL_SAFE_NO_PAD.encode(serde_json::to_vec(user).ok()?);
        let mac = URL_SAFE_NO_PAD.encode(self.sign(&user).finalize().into_bytes());
        let cookie = format!("session={user}.{mac}; Path=/; HttpOnly; SameSite=Lax");
        HeaderValue::try_from(cookie).ok()
    }

    /// Returns the user of the session of a request.
    pub(crate) fn user<T: DeserializeOwned>(&self, headers: &HeaderMap) -> Option<T> {
        // Bytes, since other cookies of the site may not be ASCII.
        let cookies = headers.get_all(COOKIE).into_iter();
        let mut pairs = cookies.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
        let session = pairs.find_map(|pair| pair.trim_ascii().strip_prefix(b"session="))?;
        let (user, mac) = std::str::from_utf8(session).ok()?.split_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        // In constant time.
        self.sign(user).verify_slice(&mac).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(user).ok()?).ok()
    }

    fn sign(&self, user: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::clone(&self.0);
        mac.update(user.as_bytes());
        mac
    }
}
