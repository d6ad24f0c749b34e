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

/// Counts a signature that was forgotten before its timestamp was stale.
pub(crate) fn forgotten(appid: &AppId) {
    of_app("wechat_callback_forgotten_total", appid);
}

/// Counts a handler that outlived its time.
pub(crate) fn dropped(appid: &AppId) {
    of_app("wechat_callback_dropped_total", appid);
}

/// Counts parts of late replies that nobody will pick up. `reason` is `full` or `age`.
#[cfg(feature = "metrics")]
pub(crate) fn not_picked_up(appid: &AppId, parts: usize, reason: &'static str) {
    let appid = metrics::SharedString::from_shared(appid.shared());
    let parts = u64::try_from(parts).unwrap_or(u64::MAX);
    metrics::counter!("wechat_pick_up_dropped_total", "appid" => appid, "reason" => reason)
        .increment(parts);
}

#[cfg(not(feature = "metrics"))]
pub(crate) fn not_picked_up(_: &AppId, _: usize, _: &'static str) {}

/// Counts a push whose user's texts could be told apart in more than one way.
pub(crate) fn ambiguous(appid: &AppId) {
    of_app("wechat_callback_ambiguous_total", appid);
}

#[cfg(feature = "metrics")]
fn of_app(name: &'static str, appid: &AppId) {
    let appid = metrics::SharedString::from_shared(appid.shared());
    metrics::counter!(name, "appid" => appid).increment(1);
}

#[cfg(not(feature = "metrics"))]
fn of_app(_: &'static str, _: &AppId) {}
