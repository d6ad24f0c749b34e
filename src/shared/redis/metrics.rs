//! The metrics of the connection.

use super::failure::Failure;

/// Records whether Redis can be used.
#[cfg(feature = "metrics")]
pub(super) fn up(is_up: bool) {
    metrics::gauge!("wechat_redis_up").set(f64::from(u8::from(is_up)));
}

/// Counts a command that failed.
#[cfg(feature = "metrics")]
pub(super) fn failed(failure: &Failure) {
    metrics::counter!("wechat_redis_errors_total", "reason" => failure.reason()).increment(1);
}

#[cfg(not(feature = "metrics"))]
pub(super) fn up(_: bool) {}

#[cfg(not(feature = "metrics"))]
pub(super) fn failed(_: &Failure) {}
