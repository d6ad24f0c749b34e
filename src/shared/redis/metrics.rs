//! The metrics of the connection. The label `prefix` tells several stores of a process apart.

use super::failure::Failure;

/// Records whether Redis can be used.
#[cfg(feature = "metrics")]
pub(super) fn up(prefix: &str, is_up: bool) {
    metrics::gauge!("wechat_redis_up", "prefix" => prefix.to_owned()).set(f64::from(is_up));
}

/// Counts a command that failed or was skipped.
#[cfg(feature = "metrics")]
pub(super) fn failed(prefix: &str, failure: &Failure) {
    metrics::counter!(
        "wechat_redis_errors_total", "prefix" => prefix.to_owned(), "reason" => failure.reason()
    )
    .increment(1);
}

#[cfg(not(feature = "metrics"))]
pub(super) fn up(_: &str, _: bool) {}

#[cfg(not(feature = "metrics"))]
pub(super) fn failed(_: &str, _: &Failure) {}
