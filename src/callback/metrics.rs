//! The counters of the callback.

use crate::app::AppId;

/// Counts a request. `outcome` is one of those in the module's documentation, so the number of
/// label sets is bounded by the configured apps times a constant.
#[cfg(feature = "metrics")]
pub(crate) fn count(appid: &AppId, outcome: &'static str) {
    let appid = metrics::SharedString::from_shared(appid.shared());
    metrics::counter!("wechat_callback_total", "appid" => appid, "outcome" => outcome).increment(1);
}

/// Does nothing: the feature `metrics` is disabled.
#[cfg(not(feature = "metrics"))]
pub(crate) fn count(_: &AppId, _: &'static str) {}

/// Counts a signature that was evicted before its timestamp was stale.
pub(crate) fn forgotten(appid: &AppId) {
    of_app("wechat_callback_forgotten_total", appid);
}

/// Counts a handler that exceeded `max_life`.
pub(crate) fn dropped(appid: &AppId) {
    of_app("wechat_callback_dropped_total", appid);
}

/// Counts parts of late replies that were dropped. `reason` is `full` or `age`.
#[cfg(feature = "metrics")]
pub(crate) fn not_picked_up(appid: &AppId, parts: usize, reason: &'static str) {
    let appid = metrics::SharedString::from_shared(appid.shared());
    let parts = u64::try_from(parts).unwrap_or(u64::MAX);
    metrics::counter!("wechat_pick_up_dropped_total", "appid" => appid, "reason" => reason)
        .increment(parts);
}

#[cfg(not(feature = "metrics"))]
pub(crate) fn not_picked_up(_: &AppId, _: usize, _: &'static str) {}

/// Counts a push whose user texts can be delimited in more than one way.
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
