//! Counts forwarded pushes.

use crate::app::AppId;
use crate::callback::forward::Failure;

/// Counts a push. The number of label sets is bounded by the configured apps times the configured
/// targets times a constant.
#[cfg(feature = "metrics")]
pub(super) fn count(appid: &AppId, target: &str, result: Result<(), Failure>) {
    let outcome = match result {
        Ok(()) => "answered",
        Err(failure) => failure.as_str(),
    };
    let (appid, target) = (appid.as_str().to_owned(), target.to_owned());
    metrics::counter!(
        "wechat_forward_total", "appid" => appid, "target" => target, "outcome" => outcome
    )
    .increment(1);
}

/// Does nothing: the feature `metrics` is disabled.
#[cfg(not(feature = "metrics"))]
pub(super) fn count(_: &AppId, _: &str, _: Result<(), Failure>) {}
