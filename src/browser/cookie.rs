//! A cookie that holds a random value.

use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderValue, Request};

use crate::secret::Secret;

/// The length of the value: 190 random bits.
const LEN: usize = 32;

/// A cookie for the whole host, out of reach of scripts and of requests from other sites.
#[derive(Debug, Clone)]
pub(crate) struct Cookie {
    name: String,
    secure: bool,
}

impl Cookie {
    /// A cookie of this name. A secure one cannot be planted by another host of the same domain or
    /// over plain HTTP: that is what `__Host-` tells the browser to see to.
    pub(crate) fn new(name: &str, secure: bool) -> Self {
        let prefix = if secure { "__Host-" } else { "" };
        let name = format!("{prefix}{name}");
        Self { name, secure }
    }

    /// A new value.
    pub(crate) fn value() -> Secret {
        Secret::new(super::random(LEN))
    }

    /// The value that a request brought, if it is well-formed.
    pub(crate) fn read<B>(&self, request: &Request<B>) -> Option<Secret> {
        let headers = request.headers().get_all(COOKIE).into_iter();
        let pairs = headers.filter_map(|header| header.to_str().ok());
        let mut pairs = pairs.flat_map(|header| header.split(';'));
        let value = pairs.find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == self.name).then_some(value)
        })?;
        let legal = value.len() == LEN && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        legal.then(|| Secret::new(value))
    }

    /// The header that sets the value for `life`.
    pub(crate) fn set(&self, value: &Secret, life: Duration) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let header = format!(
            "{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            self.name,
            value.expose(),
            life.as_secs(),
        );
        let mut header = HeaderValue::try_from(header).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}
