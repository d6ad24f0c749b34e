//! A cookie that holds a random value.

use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderValue, Request};

use crate::random;
use crate::secret::Secret;

/// The length of the value, which holds 190 random bits.
const LEN: usize = 32;

/// A cookie for the whole host, hidden from scripts and from other sites' requests.
#[derive(Debug, Clone)]
pub(crate) struct Cookie {
    name: String,
    secure: bool,
}

impl Cookie {
    /// Creates a cookie with this name.
    ///
    /// A secure cookie gets the `__Host-` prefix: the browser then rejects it from other hosts of
    /// the same domain and over plain HTTP, so it can't be planted.
    pub(crate) fn new(name: &str, secure: bool) -> Self {
        let prefix = if secure { "__Host-" } else { "" };
        let name = format!("{prefix}{name}");
        Self { name, secure }
    }

    /// Returns a new random value.
    pub(crate) fn value() -> Secret {
        Secret::new(random::alphanumeric(LEN))
    }

    /// Returns the cookie's value in a request. Other cookies, and malformed values of this one,
    /// are skipped.
    ///
    /// Returns `None` for two different well-formed values: one of them was planted, and using it
    /// could sign a user in as someone else. Browsers don't let another host plant a `__Host-`
    /// cookie, so this rejects nobody who uses HTTPS. Over plain HTTP it rejects a user whose
    /// cookie was duplicated.
    pub(crate) fn read<B>(&self, request: &Request<B>) -> Option<Secret> {
        let headers = request.headers().get_all(COOKIE).into_iter();
        let pairs = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
        let mut values = pairs.filter_map(|pair| self.value_of(pair));
        let value = values.next()?;
        let single = values.all(|other| other == value);
        single.then(|| Secret::new(value))
    }

    /// Returns the value of a pair with this cookie's name, if it is well-formed.
    fn value_of<'a>(&self, pair: &'a [u8]) -> Option<&'a str> {
        // Trim ASCII whitespace only: browsers don't apply the `__Host-` rules to a name that
        // starts with another kind of space.
        let pair = pair.trim_ascii();
        let value = pair
            .strip_prefix(self.name.as_bytes())?
            .strip_prefix(b"=")?;
        let legal = value.len() == LEN && value.iter().all(u8::is_ascii_alphanumeric);
        std::str::from_utf8(value).ok().filter(|_| legal)
    }

    /// Returns the `Set-Cookie` header that sets the value for `life`.
    pub(crate) fn set(&self, value: &Secret, life: Duration) -> Option<HeaderValue> {
        // Lax, not Strict: the authorization page on another site redirects the browser back here.
        // The `__Host-` prefix requires `Path=/` and `Secure`, and forbids `Domain`.
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
