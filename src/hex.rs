//! Encodes bytes as lower-case hexadecimal digits.

/// Returns the digits of all bytes.
pub(crate) fn lower(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    fill(bytes, &mut digits);
    // Digits are always valid UTF-8.
    String::from_utf8(digits).unwrap_or_default()
}

/// Writes the digits of `bytes` into `digits`, which must have twice the length.
pub(crate) fn write<'a>(bytes: &[u8], digits: &'a mut [u8]) -> &'a str {
    fill(bytes, digits);
    std::str::from_utf8(digits).unwrap_or_default()
}

fn fill(bytes: &[u8], digits: &mut [u8]) {
    let digit = |half| {
        if half < 10 {
            b'0' + half
        } else {
            b'a' - 10 + half
        }
    };
    let (pairs, _) = digits.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 0xf)];
    }
}

/// Returns the first `len` digits, or all if there are fewer. `len` must be even.
pub(crate) fn first(bytes: &[u8], len: usize) -> String {
    lower(bytes.get(..len / 2).unwrap_or(bytes))
}
