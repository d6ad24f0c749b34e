//! The metrics of the inbox.

use crate::app::AppId;
#[cfg(feature = "metrics")]
use crate::callback::inbox::store::Contents;

/// Counts a message that was stored.
pub(super) fn stored(appid: &AppId) {
    count("wechat_inbox_stored_total", appid, None);
}

/// Counts a message that was not stored.
pub(super) fn refused(appid: &AppId, reason: &'static str) {
    count(
        "wechat_inbox_refused_total",
        appid,
        Some(("reason", reason)),
    );
}

/// Counts the end of a try.
pub(super) fn ended(appid: &AppId, outcome: &'static str) {
    count(
        "wechat_inbox_tries_total",
        appid,
        Some(("outcome", outcome)),
    );
}

/// Counts a late reply that no hook could send.
pub(super) fn unsent(appid: &AppId, reason: &'static str) {
    count("wechat_inbox_unsent_total", appid, Some(("reason", reason)));
}

#[cfg(feature = "metrics")]
fn count(name: &'static str, appid: &AppId, label: Option<(&'static str, &'static str)>) {
    let appid = metrics::SharedString::from_shared(appid.shared());
    match label {
        None => metrics::counter!(name, "appid" => appid).increment(1),
        Some((label, value)) => {
            metrics::counter!(name, "appid" => appid, label => value).increment(1);
        }
    }
}

#[cfg(not(feature = "metrics"))]
fn count(_: &'static str, _: &AppId, _: Option<(&'static str, &'static str)>) {}

/// Shows what is stored.
#[cfg(feature = "metrics")]
pub(super) fn contents(contents: &Contents) {
    // Exact up to 2^53.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    let float = |number: u64| number as f64;
    metrics::gauge!("wechat_inbox_depth").set(float(contents.depth));
    metrics::gauge!("wechat_inbox_dead_letters").set(float(contents.dead_letters));
    let oldest = contents.oldest.unwrap_or_default();
    metrics::gauge!("wechat_inbox_oldest_seconds").set(oldest.as_secs_f64());
}
