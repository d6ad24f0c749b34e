//! Bytes as lower-case hexadecimal digits.

use std::fmt;

/// Prints bytes as digits.
pub(crate) struct Lower<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Lower<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |half| {
            if half < 10 {
                b'0' + half
            } else {
                b'a' - 10 + half
            }
        };
        // In pieces as long as a SHA-1 digest.
        for bytes in self.0.chunks(20) {
            let mut digits = [[0; 2]; 20];
            for (pair, byte) in digits.iter_mut().zip(bytes) {
                *pair = [digit(byte >> 4), digit(byte & 0xf)];
            }
            let digits = digits.get(..bytes.len()).unwrap_or_default().as_flattened();
            f.write_str(std::str::from_utf8(digits).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// All their digits.
pub(crate) fn lower(bytes: &[u8]) -> String {
    Lower(bytes).to_string()
}

/// The first `len` digits, which is an even number, or as many as there are.
pub(crate) fn first(bytes: &[u8], len: usize) -> String {
    lower(bytes.get(..len / 2).unwrap_or(bytes))
}
