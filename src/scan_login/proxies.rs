//! Finds the address of a client behind reverse proxies.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, HeaderName};

use crate::error::Error;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The reverse proxies whose `X-Forwarded-For` header is trusted.
///
/// Each proxy appends the address of its peer. The header is therefore read from its end: proxies
/// on the list are skipped, and the first other address is the client. Everything before that was
/// written by the client and is ignored. An entry that is not an address ends the search, and the
/// proxy that appended it counts as the client.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use tower_wechat::scan_login::TrustedProxies;
///
/// let proxies = TrustedProxies::new(["127.0.0.1", "10.0.0.0/8", "::1"])?;
/// let mut headers = HeaderMap::new();
/// let hops = HeaderValue::from_static("made up, 198.51.100.7, 10.1.2.3");
/// headers.insert("x-forwarded-for", hops);
///
/// let local = [127, 0, 0, 1].into();
/// assert_eq!(proxies.client_key(local, &headers), "198.51.100.7");
/// let stranger = [203, 0, 113, 9].into();
/// assert_eq!(proxies.client_key(stranger, &headers), "203.0.113.9");
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[Network]>);

impl TrustedProxies {
    /// Creates a list from addresses, such as `10.0.0.7`, and networks, such as `10.0.0.0/8` and
    /// `fd00::/8`. With an empty list the header is never read.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for an entry that is not an address or a
    /// network.
    pub fn new(networks: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, Error> {
        let networks = networks.into_iter().map(|text| {
            let text = text.as_ref();
            Network::parse(text).ok_or_else(|| {
                let why = format!(
                    "must be an address such as 10.0.0.7, or a network such as 10.0.0.0/8 (it is \
                     {text:?})"
                );
                Error::input("trusted_proxies", why)
            })
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Returns the address of the client that sent a request. `peer` is the remote end of the
    /// connection. An IPv4-mapped IPv6 address is returned as IPv4.
    pub fn client_ip(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
        for hop in values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')) {
            if !self.0.iter().any(|network| network.contains(client)) {
                break;
            }
            match address(hop) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }

    /// Returns the client's key for [`ScanLogin::client_key`](super::ScanLogin::client_key): its
    /// IPv4 address, or the first 64 bits of its IPv6 address, because one subscriber usually has
    /// all addresses below them.
    pub fn client_key(&self, peer: IpAddr, headers: &HeaderMap) -> String {
        match self.client_ip(peer, headers) {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let network = u128::from(address) & mask(64);
                format!("{}/64", Ipv6Addr::from(network))
            }
        }
    }
}

/// Parses an entry of the header, which may have a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim_ascii();
    let bracketed = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bracketed.unwrap_or(hop).parse();
    let address = address.or_else(|_| hop.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// A network prefix. IPv4 addresses are stored as IPv4-mapped IPv6 addresses.
#[derive(Debug, Clone, Copy)]
struct Network {
    bits: u128,
    mask: u128,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, len) = match text.split_once('/') {
            Some((address, len)) => (address, Some(len)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let max = if address.is_ipv4() { 32 } else { 128 };
        let len = match len {
            Some(len) => len.parse().ok().filter(|len: &u32| *len <= max)?,
            None => max,
        };
        let mask = mask(len + 128 - max);
        let bits = bits(address) & mask;
        Some(Self { bits, mask })
    }

    fn contains(self, address: IpAddr) -> bool {
        bits(address) & self.mask == self.bits
    }
}

fn bits(address: IpAddr) -> u128 {
    u128::from(match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    })
}

/// Returns a mask of the first `len` of 128 bits.
fn mask(len: u32) -> u128 {
    // A shift by 128 overflows, for a prefix of length zero.
    u128::MAX.checked_shl(128 - len).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], peer: &str, hops: &[&'static [u8]]) -> String {
        let mut headers = HeaderMap::new();
        for hop in hops {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(hop).unwrap());
        }
        let proxies = TrustedProxies::new(trusted).unwrap();
        proxies.client_key(peer.parse().unwrap(), &headers)
    }

    #[test]
    fn the_header_is_read_from_its_end_and_only_of_trusted_peers() {
        let trusted = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
        let cases: [(&str, &[&'static [u8]], &str); 12] = [
            ("203.0.113.9", &[b"198.51.100.7"], "203.0.113.9"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &[b"198.51.100.7"], "198.51.100.7"),
            ("::ffff:127.0.0.1", &[b"198.51.100.7"], "198.51.100.7"),
            (
                "127.0.0.1",
                &[b"6.6.6.6, 198.51.100.7, 10.1.1.1"],
                "198.51.100.7",
            ),
            (
                "127.0.0.1",
                &[b"6.6.6.6", b"198.51.100.7", b"fd00::1"],
                "198.51.100.7",
            ),
            ("127.0.0.1", &[b"10.9.9.9,10.1.1.1"], "10.9.9.9"),
            (
                "127.0.0.1",
                &[b"198.51.100.7, \xe5\xbc\xa0, 10.1.1.1"],
                "10.1.1.1",
            ),
            ("127.0.0.1", &[b"198.51.100.7,"], "127.0.0.1"),
            ("127.0.0.1", &[b"198.51.100.7:4711"], "198.51.100.7"),
            (
                "127.0.0.1",
                &[b"[2001:db8:1:2:3::4]:4711"],
                "2001:db8:1:2::/64",
            ),
            ("127.0.0.1", &[b"::ffff:198.51.100.7"], "198.51.100.7"),
        ];
        for (peer, hops, expected) in cases {
            assert_eq!(client(&trusted, peer, hops), expected, "{peer} {hops:?}");
        }
        assert_eq!(client(&[], "127.0.0.1", &[b"198.51.100.7"]), "127.0.0.1");
        let neighbours = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::", "2001:db8:1:3::1"];
        let keys = neighbours.map(|peer| client(&[], peer, &[]));
        assert!(keys[0] == keys[1] && keys[1] != keys[2], "{keys:?}");
    }

    #[test]
    fn a_network_is_checked_when_it_is_given() {
        for wrong in [
            "",
            "proxy",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
        ] {
            let error = TrustedProxies::new([wrong]).unwrap_err().to_string();
            assert!(error.contains("trusted_proxies"), "{error}");
        }
        assert_eq!(client(&["0.0.0.0/0"], "8.8.8.8", &[b"9.9.9.9"]), "9.9.9.9");
        assert_eq!(client(&["0.0.0.0/0"], "::1", &[b"9.9.9.9"]), "::/64");
    }
}
