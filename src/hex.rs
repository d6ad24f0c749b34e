//! Bytes as lower-case hexadecimal digits.

use std::fmt;

/// Prints bytes as digits.
pub(crate) struct Lower<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Lower<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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
