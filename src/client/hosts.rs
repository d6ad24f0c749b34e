//! The platform's hosts, the only ones that receive a credential.

use http::Uri;

use crate::address;
use crate::api::Host;
use crate::error::Error;

/// The addresses of the platform: its real hosts, or those of a proxy or sandbox.
///
/// Calls go to `api.weixin.qq.com`. While it cannot be reached, or a gateway answers for it, they
/// go to the platform's other access points `api2`, `sh.api`, `sz.api` and `hk.api`, in this order.
/// After a minute the first host is tried again. Tokens are valid on all of them. A host set with
/// [`api`](Self::api) has no alternates unless [`alternates`](Self::alternates) sets them.
///
/// ```
/// use tower_wechat::client::Hosts;
///
/// let hosts = Hosts::default().api("http://127.0.0.1:36012/sandbox")?;
/// assert!(Hosts::default().api("http://proxy.example").is_err()); // not encrypted
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Hosts {
    /// The first host, followed by its alternates in order.
    api: Vec<String>,
    /// Whether `alternates` was called. `api` then keeps the alternates.
    chosen: bool,
    open: String,
    mp: String,
}

impl Default for Hosts {
    fn default() -> Self {
        Self {
            // `api2` is the platform's backup of `api`. The others are regional access points.
            api: ["api", "api2", "sh.api", "sz.api", "hk.api"]
                .map(|name| format!("https://{name}.weixin.qq.com"))
                .into(),
            chosen: false,
            open: "https://open.weixin.qq.com".to_owned(),
            mp: "https://mp.weixin.qq.com".to_owned(),
        }
    }
}

impl Hosts {
    /// Replaces the host of the calls. `base` is an address with an optional path. It must be
    /// `https`, except for a loopback address. The default alternates are removed; those set with
    /// [`alternates`](Self::alternates) stay.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for any other address.
    pub fn api(mut self, base: &str) -> Result<Self, Error> {
        let first = base_uri("api", base)?;
        match (self.chosen, self.api.first_mut()) {
            (true, Some(api)) => *api = first,
            _ => self.api = vec![first],
        }
        Ok(self)
    }

    /// Replaces the alternates of the first host. An empty list turns failover off.
    ///
    /// ```
    /// use tower_wechat::client::Hosts;
    ///
    /// let in_hong_kong = Hosts::default()
    ///     .api("https://hk.api.weixin.qq.com")?
    ///     .alternates(["https://api.weixin.qq.com", "https://api2.weixin.qq.com"])?;
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`api`](Self::api).
    pub fn alternates<'a>(
        mut self,
        bases: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Error> {
        self.api.truncate(1);
        self.chosen = true;
        for base in bases {
            self.api.push(base_uri("api", base)?);
        }
        Ok(self)
    }

    /// Replaces the host of the authorization page.
    ///
    /// # Errors
    /// As [`api`](Self::api).
    pub fn open(mut self, base: &str) -> Result<Self, Error> {
        self.open = base_uri("open", base)?;
        Ok(self)
    }

    /// Replaces the host of the QR code images.
    ///
    /// # Errors
    /// As [`api`](Self::api).
    pub fn mp(mut self, base: &str) -> Result<Self, Error> {
        self.mp = base_uri("mp", base)?;
        Ok(self)
    }

    pub(crate) fn open_base(&self) -> &str {
        &self.open
    }

    /// Returns the number of hosts for calls.
    pub(super) fn count(&self) -> usize {
        self.api.len()
    }

    pub(super) fn base(&self, host: Host, index: usize) -> &str {
        match host {
            // `choose` returns an index below `count`, and there is always a first host.
            Host::Api => self.api.get(index).map_or("", String::as_str),
            Host::Mp => &self.mp,
        }
    }
}

fn base_uri(name: &str, base: &str) -> Result<String, Error> {
    let wrong = |why: &str| Error::config(format!("the platform's {name} address {why}"));
    let uri: Uri = base.parse().map_err(|_| wrong("is not valid"))?;
    let host = uri
        .host()
        .ok_or_else(|| wrong("must begin with https://"))?;
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if address::is_loopback(host) => {}
        _ => {
            return Err(wrong(
                "must begin with https://; http:// is for loopback addresses",
            ));
        }
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if uri.query().is_some() || authority.contains('@') {
        return Err(wrong("must not contain a query or a user name"));
    }
    Ok(base.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for base in [
            "http://127.0.0.1:1",
            "http://localhost/x",
            "http://[::1]:8080",
        ] {
            assert!(base_uri("api", base).is_ok(), "{base}");
        }
        for base in [
            "http://api.weixin.qq.com",
            "http://127.0.0.1.evil.example",
            "ftp://x",
            "",
        ] {
            assert!(base_uri("api", base).is_err(), "{base}");
        }
    }

    #[test]
    fn an_address_with_a_user_or_a_query_is_refused() {
        assert!(base_uri("api", "https://api.weixin.qq.com@evil.example").is_err());
        assert!(base_uri("api", "https://api.weixin.qq.com/?x=").is_err());
    }
}
