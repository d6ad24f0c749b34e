//! The signature of a push: the SHA-1 of its parts, sorted and joined without separators.
//!
//! `signature` covers the token, the timestamp and the nonce. It authenticates the sender but not
//! the body. `msg_signature` also covers the ciphertext. Source: 消息推送,
//! 验证消息的确来自微信服务器.

use std::fmt;

use sha1::{Digest, Sha1};
use subtle::{Choice, ConstantTimeEq};

use crate::hex;

/// The length of a SHA-1 digest, in bytes.
const LEN: usize = 20;

/// A signature. Displays as 40 lower-case hexadecimal digits and compares in constant time.
///
/// ```
/// use tower_wechat::callback::signature::{Signature, sign};
///
/// let signature = sign(["AAAAA", "1714036504", "1514711492"]);
/// assert_eq!(signature.to_string(), "f464b24fc39322e44b38aa78f5edd27bd1441696");
///
/// let received = Signature::parse("F464B24FC39322E44B38AA78F5EDD27BD1441696");
/// assert_eq!(received, Some(signature));
/// ```
#[derive(Clone, Copy)]
pub struct Signature([u8; LEN]);

/// Signs `parts`, in any order. A `signature` covers the token, the timestamp and the nonce; a
/// `msg_signature` also covers the ciphertext.
pub fn sign<const N: usize>(parts: [&str; N]) -> Signature {
    sign_bytes(parts.map(str::as_bytes))
}

/// Like [`sign`], for parts that need not be valid UTF-8.
pub(crate) fn sign_bytes<const N: usize>(mut parts: [&[u8]; N]) -> Signature {
    parts.sort_unstable();
    let mut digest = Sha1::new();
    for part in parts {
        digest.update(part);
    }
    Signature(digest.finalize().into())
}

impl Signature {
    /// Returns the bytes of the digest.
    pub(crate) fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }

    /// Returns the last eight bytes.
    pub(crate) fn low_bits(&self) -> u64 {
        self.0
            .last_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// Parses 40 hexadecimal digits of either case. Returns `None` for any other text.
    pub fn parse(digits: &str) -> Option<Self> {
        // base16ct takes 330 instructions more, a tenth of what a forged push costs.
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        if pairs.len() != LEN || !rest.is_empty() {
            return None;
        }
        let (mut bytes, mut wrong) = ([0; LEN], 0);
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (digit(high), digit(low));
            wrong |= high | low;
            *byte = high << 4 | low;
        }
        (wrong < 16).then_some(Self(bytes))
    }
}

/// Returns the value of a hexadecimal digit, or 255 for any other byte.
fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        b'a'..=b'f' => hex - b'a' + 10,
        b'A'..=b'F' => hex - b'A' + 10,
        _ => 255,
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        const { assert!(LEN.is_multiple_of(4)) };
        // Comparing words takes a third of the time of comparing bytes.
        let [ours, theirs] = [self, other].map(|Self(bytes)| {
            let (words, _) = bytes.as_chunks::<4>();
            words.iter().map(|word| u32::from_ne_bytes(*word))
        });
        let same = ours.zip(theirs).map(|(a, b)| a.ct_eq(&b));
        same.fold(Choice::from(1), |all, same| all & same).into()
    }
}

impl Eq for Signature {}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(hex::write(&self.0, &mut [0; 2 * LEN]))
    }
}

/// Omits the digits: a signature in a log would allow its reader to forge a push.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forty_digits_are_read() {
        let hex = "f464b24fc39322e44b38aa78f5edd27bd1441696";
        assert_eq!(Signature::parse(hex).unwrap().to_string(), hex);
        let longer = format!("{hex}0");
        let shorter = &hex[1..];
        let other = hex.replace('f', "g");
        for wrong in ["", shorter, &longer, &other, &hex.replace("f4", "é")] {
            assert!(Signature::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_order_of_the_parts_does_not_matter() {
        assert_eq!(sign(["b", "a", "c"]), sign(["c", "b", "a"]));
        assert_ne!(sign(["b", "a", "c"]), sign(["b", "a", "d"]));
    }

    #[test]
    fn debug_shows_no_digit() {
        assert_eq!(format!("{:?}", sign(["a"])), "Signature(..)");
    }
}
