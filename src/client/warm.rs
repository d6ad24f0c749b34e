//! Keeps the tokens fresh while they are not in use.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::app::AppId;

/// The interval between checks: several fit between a token becoming stale and its expiry.
const EVERY: Duration = Duration::from_secs(60);

/// The longest backoff of an app whose token cannot be fetched, in checks.
const PAUSE_MAX: u32 = 15;

/// The backoff of an app whose token could not be fetched.
#[derive(Default)]
struct Failing {
    /// How many checks to skip after the last failure.
    pause: u32,
    /// How many of them are still to be skipped.
    left: u32,
}

/// Checks the tokens of all apps periodically, until the last handle to `shared` is dropped.
pub(super) fn keep(shared: &Arc<Shared>) {
    let (weak, runtime) = (Arc::downgrade(shared), shared.runtime.clone());
    shared.runtime.spawn(async move {
        let mut failing = BTreeMap::new();
        // Upgraded per round and dropped before the sleep, so the task keeps nothing alive.
        while let Some(shared) = weak.upgrade() {
            for appid in shared.apps.keys() {
                look(&shared, appid, &mut failing).await;
            }
            drop(shared);
            runtime.sleep(EVERY).await;
        }
    });
}

/// Gets a token, which refreshes a stale one. A failure is logged once, until a later check
/// succeeds.
async fn look(shared: &Shared, appid: &AppId, failing: &mut BTreeMap<AppId, Failing>) {
    if let Some(paused) = failing.get_mut(appid)
        && paused.left > 0
    {
        paused.left -= 1;
        return;
    }
    let Err(error) = shared.tokens.get(appid).await else {
        failing.remove(appid);
        return;
    };
    if !failing.contains_key(appid) {
        tracing::warn!(%appid, error = error.to_string(), "could not keep a token warm");
    }
    let paused = failing.entry(appid.clone()).or_default();
    // 1, 3, 7, then 15 skipped checks: at most about a quarter of an hour between attempts.
    paused.pause = (2 * paused.pause + 1).min(PAUSE_MAX);
    paused.left = paused.pause;
}
