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

    /// The value that a request brought. The site's other cookies, and malformed ones of this
    /// name, are skipped.
    ///
    /// Two different well-formed values give none: one of them was planted, and taking it could
    /// sign a user in as someone else. Browsers let no other host plant a `__Host-` cookie, so
    /// that this stops nobody there; over plain HTTP it stops a user whose cookie was doubled.
    pub(crate) fn read<B>(&self, request: &Request<B>) -> Option<Secret> {
        let headers = request.headers().get_all(COOKIE).into_iter();
        let pairs = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
        let mut values = pairs.filter_map(|pair| self.value_of(pair));
        let value = values.next()?;
        let single = values.all(|other| other == value);
        single.then(|| Secret::new(value))
    }

    /// The value in a pair of this name, if it is well-formed.
    fn value_of<'a>(&self, pair: &'a [u8]) -> Option<&'a str> {
        // Only ASCII spaces are trimmed: a browser does not apply the rules of `__Host-` to a name
        // that begins with another kind of space.
        let pair = pair.trim_ascii();
        let value = pair
            .strip_prefix(self.name.as_bytes())?
            .strip_prefix(b"=")?;
        let legal = value.len() == LEN && value.iter().all(u8::is_ascii_alphanumeric);
        std::str::from_utf8(value).ok().filter(|_| legal)
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
