//! Nonces of this crate's own.

use std::fmt;

/// A nonce of letters alone, so that no piece of it can be read as a timestamp.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonce<const LEN: usize>([u8; LEN]);

impl<const LEN: usize> Nonce<LEN> {
    /// Writes half-bytes as letters.
    pub(crate) fn of(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut letters = [b'a'; LEN];
        let halves = bytes.into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        for (letter, half) in letters.iter_mut().zip(halves) {
            *letter = b'a' + half;
        }
        Self(letters)
    }

    pub(crate) fn as_str(&self) -> &str {
        // They are letters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Nonce<16> {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self::of(rand::random::<u64>().to_be_bytes())
    }
}

impl<const LEN: usize> fmt::Display for Nonce<LEN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_letters() {
        let nonce = Nonce::<6>::of([0x01, 0x9f, 0xab]);
        assert_eq!(nonce.to_string(), "abjpkl");
        let random = Nonce::random();
        assert!(random.as_str().len() == 16 && random != Nonce::random());
        assert!(
            random
                .as_str()
                .bytes()
                .all(|byte| byte.is_ascii_lowercase())
        );
    }
}
