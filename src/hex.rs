//! Lower-case hexadecimal digits, encoded in constant time.

/// Encodes all bytes.
pub(crate) fn lower(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Encodes bytes into `digits`, which must have room for them.
pub(crate) fn write<'a>(bytes: &[u8], digits: &'a mut [u8]) -> &'a str {
    let encoded = base16ct::lower::encode_str(bytes, digits);
    debug_assert!(encoded.is_ok(), "the buffer is too small for the digits");
    encoded.unwrap_or_default()
}

/// Returns the first `len` digits, an even number, or as many as there are.
pub(crate) fn first(bytes: &[u8], len: usize) -> String {
    lower(bytes.get(..len / 2).unwrap_or(bytes))
}
