//! The addresses that a browser may be sent to.

use std::fmt::{self, Write};

use crate::error::Error;

/// The longest accepted address of a request, in bytes.
pub(super) const ADDRESS_MAX: usize = 1024;

/// The scheme, host and port of a site, such as `https://shop.example`.
///
/// Origins are compared exactly: a subdomain or another port is a different site.
///
/// ```
/// use tower_wechat::oauth::Origin;
///
/// let shop = Origin::new("https://shop.example")?;
/// assert_eq!(shop, Origin::new("https://SHOP.example:443")?);
/// assert_ne!(shop, Origin::new("http://shop.example")?);
/// assert!(Origin::new("https://shop.example@evil.example").is_err());
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Creates an origin from an address without a path.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for anything else, and for an address with a
    /// user name.
    pub fn new(address: &str) -> Result<Self, Error> {
        match Self::split(address) {
            Some((origin, "")) => Ok(origin),
            _ => Err(Error::input(
                "origin",
                "must be https:// or http://, a host and optionally a port, such as https://shop.example",
            )),
        }
    }

    /// Splits an address into its origin and the rest. Accepts only unambiguous addresses: browsers
    /// and parsers disagree on user names, backslashes, escapes and blanks.
    pub(super) fn split(address: &str) -> Option<(Self, &str)> {
        if !is_plain(address) {
            return None;
        }
        let (https, rest) = match address.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, address.strip_prefix("http://")?),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (host, port.parse().ok()?)
            }
            Some(_) => return None,
            None => (authority, if https { 443 } else { 80 }),
        };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if host.is_empty() || !host.bytes().all(legal) {
            return None;
        }
        let host = host.to_ascii_lowercase();
        Some((Self { https, host, port }, rest))
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default) = match self.https {
            true => ("https", 443),
            false => ("http", 80),
        };
        write!(f, "{scheme}://{}", self.host)?;
        match self.port == default {
            true => Ok(()),
            false => write!(f, ":{}", self.port),
        }
    }
}

/// Returns whether every parser reads a text as a path on this site.
pub(super) fn is_path(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    // Some servers decode these before they split a path.
    let lower = path.to_ascii_lowercase();
    let hidden = ["//", "%2f", "%5c"];
    is_plain(text) && path.starts_with('/') && !hidden.iter().any(|part| lower.contains(part))
}

/// Percent-encodes the non-ASCII characters and the spaces of an address, as browsers do.
pub(super) fn encoded(address: &str) -> String {
    let mut encoded = String::with_capacity(address.len());
    for character in address.chars() {
        if character.is_ascii() && character != ' ' {
            encoded.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Returns whether a text is visible ASCII, without characters that a URL requires escaped, and not
/// too long.
fn is_plain(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>`".contains(&byte);
    text.len() <= ADDRESS_MAX && text.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_on_this_site() {
        for good in [
            "/",
            "/cart",
            "/cart?next=%2Fa//b#x",
            "/a/../b",
            "/%E4%BD%A0",
        ] {
            assert!(is_path(good), "{good}");
        }
        let bad = [
            "",
            "cart",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\r\nSet-Cookie:a=b",
            "/%2fevil.example",
            "/%5Cevil.example",
            "/.//evil.example",
            "https:evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " /cart",
            "/cart ",
            "/你",
            "?x",
            "#x",
        ];
        for bad in bad {
            assert!(!is_path(bad), "{bad}");
        }
        assert!(!is_path(&format!("/{}", "a".repeat(ADDRESS_MAX))));
    }

    #[test]
    fn an_origin_is_read_in_one_way_or_not_at_all() {
        let (origin, rest) = Origin::split("https://B.example:8443/x?y#z").unwrap();
        assert_eq!(
            (origin.to_string().as_str(), rest),
            ("https://b.example:8443", "/x?y#z")
        );
        let bad = [
            "https://good.example@evil.example/",
            "https://good.example:x@evil.example/",
            "https://good.example\\@evil.example",
            "https://good.example%2eevil.example/",
            "https://",
            "https:///evil.example",
            "https:evil.example",
            "//good.example/",
            "HTTPS://good.example",
            "ftp://good.example",
            "https://good.example:/",
            "https://good.example:99999/",
            "https://good.example :80/",
            "https://[::1]/",
            "https://gооd.example/",
            "https://good.example\n/",
            "https://:80/",
        ];
        for bad in bad {
            assert_eq!(Origin::split(bad), None, "{bad}");
        }
    }

    // Compares with the URL parser of browsers, which is the one that counts.
    #[cfg(feature = "reqwest")]
    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(2000))]

        #[test]
        fn a_browser_stays_on_this_site(path in "[/.a%25fFcC?#:@\\\\\t\n \u{ff0f}-]{0,12}") {
            let path = format!("/{path}");
            if is_path(&path) {
                let here = reqwest::Url::parse("https://shop.example/login/done").unwrap();
                let there = here.join(&path).unwrap();
                proptest::prop_assert_eq!(there.origin(), here.origin());
                proptest::prop_assert!(!there.path().starts_with("//"));
            }
        }

        #[test]
        fn a_browser_goes_to_the_site_that_was_read(
            rest in "[/.ab%25f?#:@\\\\\t\n 4-\u{ff0e}\u{ad}]{0,16}",
            scheme in "https?:[/\\\\]{0,3}",
        ) {
            let address = format!("{scheme}{rest}");
            if let Some((origin, _)) = Origin::split(&address)
                && let Ok(url) = reqwest::Url::parse(&address)
                // An all-digit host is parsed as an IPv4 address. No list contains its short form.
                && url.domain().is_some()
            {
                proptest::prop_assert_eq!(url.origin().ascii_serialization(), origin.to_string());
                proptest::prop_assert!(url.username().is_empty() && url.password().is_none());
            }
        }
    }
}
