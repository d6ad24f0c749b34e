//! The targets of forwarded pushes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use crate::address;
use crate::callback::CallbackKeys;
use crate::error::Error;

/// The maximum length of a name, in bytes.
const NAME_MAX: usize = 64;

/// An environment that receives forwarded pushes. A target is cheap to clone. Several rules may use
/// clones of one target, which then share its limits.
///
/// ```
/// use tower_wechat::CallbackKeys;
/// use tower_wechat::callback::forward::Target;
///
/// let keys = CallbackKeys::plaintext("devtoken")?;
/// let dev = Target::new("dev", "http://127.0.0.1:22255/v1/client/wxmsg1", keys)?;
/// assert_eq!(dev.name(), "dev");
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct Target(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    name: Arc<str>,
    url: Uri,
    keys: CallbackKeys,
    timeout: Duration,
    concurrency: usize,
}

impl Target {
    /// Creates a target at `url`, whose callback verifies pushes with `keys`. Pushes are signed
    /// with the token of the keys, and encrypted if they have a key.
    ///
    /// Use separate keys for each target, so that its operator cannot forge pushes to other
    /// environments. The pushes are for the same app as the original push. The name is used in logs
    /// and errors.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) if the name is not 1 to 64 bytes without
    /// control characters, or if the URL is not absolute or contains a user, a query or a fragment.
    pub fn new(name: impl Into<String>, url: &str, keys: CallbackKeys) -> Result<Self, Error> {
        let name = name.into();
        if !(1..=NAME_MAX).contains(&name.len()) || name.chars().any(char::is_control) {
            return Err(Error::input(
                "name",
                format!("must be 1 to {NAME_MAX} bytes without control characters"),
            ));
        }
        let wrong = |why| Error::input("url", why);
        let uri: Uri = url.parse().map_err(|_| wrong("is not a valid URL"))?;
        if uri.scheme().is_none() || uri.host().is_none_or(str::is_empty) {
            return Err(wrong("must begin with https:// and contain a host"));
        }
        let user = uri.authority().is_some_and(|it| it.as_str().contains('@'));
        if user || uri.query().is_some() || url.contains('#') {
            return Err(wrong("must contain no user, no query and no fragment"));
        }
        Ok(Self(Arc::new(Settings {
            name: name.into(),
            url: uri,
            keys,
            timeout: Duration::from_secs(4),
            concurrency: 64,
        })))
    }

    /// Sets the timeout of a push, from connecting to the end of the answer. Defaults to four
    /// seconds; the platform waits five.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.0).timeout = timeout;
        self
    }

    /// Sets how many pushes to this target may be in progress at once. Defaults to 64. A push
    /// beyond this limit fails at once, and a copy for a shadow is dropped.
    #[must_use]
    pub fn max_concurrent(mut self, pushes: usize) -> Self {
        Arc::make_mut(&mut self.0).concurrency = pushes;
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.0.name)
    }

    pub(super) fn url(&self) -> &Uri {
        &self.0.url
    }

    pub(super) fn keys(&self) -> &CallbackKeys {
        &self.0.keys
    }

    pub(super) fn limits(&self) -> (Duration, usize) {
        (self.0.timeout, self.0.concurrency)
    }

    /// Whether both are clones of one target.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Refuses a target with a concurrency of 0, and an unencrypted connection to a host that is
    /// not allowed.
    pub(super) fn check(&self, http_hosts: &[String]) -> Result<(), Error> {
        if self.0.concurrency == 0 {
            return Err(Error::input(
                "concurrency",
                format!("of target {:?} must be at least 1", self.0.name),
            ));
        }
        if !address::is_private(&self.0.url, http_hosts) {
            return Err(Error::input(
                "url",
                format!(
                    "of target {:?} must begin with https://; http:// is for loopback addresses \
                     and for hosts that are explicitly allowed",
                    self.0.name
                ),
            ));
        }
        Ok(())
    }
}

/// Omits the URL, whose path may be a secret, and the secrets of the keys.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("name", &self.0.name)
            .field("keys", &self.0.keys)
            .field("timeout", &self.0.timeout)
            .field("concurrency", &self.0.concurrency)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, url: &str) -> Result<Target, Error> {
        Target::new(name, url, CallbackKeys::plaintext("thetoken").unwrap())
    }

    #[test]
    fn an_address_is_absolute_and_bare() {
        for url in ["", "/wxmsg", "127.0.0.1:80", "https://", "ht tp://x"] {
            assert_eq!(
                target("dev", url).unwrap_err().field(),
                Some("url"),
                "{url}"
            );
        }
        for url in ["https://u:p@x", "https://x/?a=1", "https://x/#a"] {
            let error = target("dev", url).unwrap_err();
            assert!(error.message().contains("no query"), "{url}: {error}");
        }
        let long = "n".repeat(65);
        for name in ["", "line\nbreak", &long] {
            assert_eq!(target(name, "https://x").unwrap_err().field(), Some("name"));
        }
    }

    #[test]
    fn plain_http_is_for_known_hosts_only() {
        let check = |url| {
            target("dev", url)
                .unwrap()
                .check(&["Dev.lan".into(), "fd00::1".into()])
        };
        for url in [
            "https://anywhere.example",
            "http://127.0.0.1:1/x",
            "http://dev.lan:8080",
            "http://[fd00::1]/",
        ] {
            assert!(check(url).is_ok(), "{url}");
        }
        for url in ["http://x.dev.lan", "http://10.0.0.1", "ftp://dev.lan"] {
            let error = check(url).unwrap_err();
            assert!(error.message().contains("\"dev\""), "{error}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", target("dev", "https://x/secret-path").unwrap());
        assert!(
            !shown.contains("secret-path") && !shown.contains("thetoken"),
            "{shown}"
        );
    }
}
