//! Bytes as lower-case hexadecimal digits.

use std::fmt::{self, Write};

/// Prints bytes as digits.
pub(crate) struct Lower<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Lower<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        let mut digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        digits.try_for_each(|digit| f.write_char(digit))
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
