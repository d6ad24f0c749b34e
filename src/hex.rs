//! Bytes as lower-case hexadecimal digits.

use std::fmt;

/// Prints bytes as digits.
pub(crate) struct Lower<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Lower<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lower(self.0))
    }
}

/// All their digits.
pub(crate) fn lower(bytes: &[u8]) -> String {
    let digit = |half| {
        if half < 10 {
            b'0' + half
        } else {
            b'a' - 10 + half
        }
    };
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        digits.push(digit(byte >> 4).into());
        digits.push(digit(byte & 0xf).into());
    }
    digits
}

/// The first `len` digits, which is an even number, or as many as there are.
pub(crate) fn first(bytes: &[u8], len: usize) -> String {
    lower(bytes.get(..len / 2).unwrap_or(bytes))
}
