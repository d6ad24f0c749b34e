//! Bytes as lower-case hexadecimal digits.

/// All their digits.
pub(crate) fn lower(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    write(bytes, &mut digits).to_owned()
}

/// Writes their digits, for which there is room.
pub(crate) fn write<'a>(bytes: &[u8], digits: &'a mut [u8]) -> &'a str {
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
    // Digits are text.
    std::str::from_utf8(digits).unwrap_or_default()
}

/// The first `len` digits, which is an even number, or as many as there are.
pub(crate) fn first(bytes: &[u8], len: usize) -> String {
    lower(bytes.get(..len / 2).unwrap_or(bytes))
}
