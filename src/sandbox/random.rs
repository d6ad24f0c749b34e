//! Ids and secrets as the platform makes them.

use rand::RngExt;
use rand::distr::Alphanumeric;

/// Letters and digits.
pub(super) fn text(len: usize) -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(len)
        .map(char::from)
        .collect()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(len: usize) -> String {
    let mut rng = rand::rng();
    (0..len)
        .filter_map(|_| char::from_digit(rng.random_range(0..16), 16))
        .collect()
}

/// Decimal digits.
pub(super) fn digits(len: usize) -> String {
    let mut rng = rand::rng();
    (0..len)
        .filter_map(|_| char::from_digit(rng.random_range(1..10), 10))
        .collect()
}

/// The ticket of a QR code: it holds what must be encoded in a query.
pub(super) fn ticket() -> String {
    format!("gQ{}+/{}==", text(46), text(46))
}
