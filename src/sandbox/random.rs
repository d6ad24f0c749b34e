//! Random ids and secrets in the platform's formats.

use rand::RngExt;

pub(super) use crate::random::alphanumeric;

/// Returns `len` lower-case hexadecimal digits.
pub(super) fn hex(len: usize) -> String {
    let mut rng = rand::rng();
    (0..len)
        .filter_map(|_| char::from_digit(rng.random_range(0..16), 16))
        .collect()
}

/// Returns `len` decimal digits from 1 to 9: a leading zero would shorten the number.
pub(super) fn digits(len: usize) -> String {
    let mut rng = rand::rng();
    (0..len)
        .filter_map(|_| char::from_digit(rng.random_range(1..10), 10))
        .collect()
}

/// Returns the ticket of a QR code. It has characters that must be percent-encoded in a query.
pub(super) fn ticket() -> String {
    format!("gQ{}+/{}==", alphanumeric(46), alphanumeric(46))
}
