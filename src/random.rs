//! Random texts and times, from a cryptographic generator.

use std::ops::Range;
use std::time::Duration;

use rand::RngExt;
use rand::distr::Alphanumeric;

/// Returns `len` ASCII letters and digits, suitable for secrets. Each holds almost six random bits.
pub(crate) fn alphanumeric(len: usize) -> String {
    let letters = rand::rng().sample_iter(Alphanumeric).take(len);
    letters.map(char::from).collect()
}

/// Scales `duration` by a random factor, so that instances do not act at the same moment.
pub(crate) fn jittered(duration: Duration, factor: Range<f64>) -> Duration {
    duration.mul_f64(rand::rng().random_range(factor))
}
