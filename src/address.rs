//! Detects loopback addresses.

use std::net::IpAddr;

use http::Uri;

/// Returns whether `host`, as written in a URL, is this machine. Traffic to it can't be read on the
/// way.
pub(crate) fn is_loopback(host: &str) -> bool {
    let is_loopback_ip = |ip: IpAddr| ip.is_loopback();
    host.eq_ignore_ascii_case("localhost") || bare(host).parse().is_ok_and(is_loopback_ip)
}

/// Returns whether what is sent to an address can't be read on the way: it is encrypted, or goes to
/// this machine or to one of `http_hosts`, whose network the caller trusts.
pub(crate) fn is_private(uri: &Uri, http_hosts: &[String]) -> bool {
    let host = uri.host().unwrap_or_default();
    let is_listed = || {
        let mut known = http_hosts.iter();
        known.any(|known| bare(known).eq_ignore_ascii_case(bare(host)))
    };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_loopback(host) || is_listed(),
        _ => false,
    }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "10.0.0.1",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
