//! Counts what came of requests.

use crate::app::AppId;

/// Counts one request. `outcome` is one of those that the module's documentation lists, so that
/// the labels are as many as the configured apps times a fixed number.
#[cfg(feature = "metrics")]
pub(crate) fn count(appid: &AppId, outcome: &'static str) {
    let appid = metrics::SharedString::from_shared(appid.shared());
    metrics::counter!("wechat_callback_total", "appid" => appid, "outcome" => outcome).increment(1);
}

/// Without the feature `metrics` nothing is counted.
#[cfg(not(feature = "metrics"))]
pub(crate) fn count(_: &AppId, _: &'static str) {}
