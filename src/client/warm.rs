//! Keeps tokens fresh while nobody asks for them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::app::AppId;

/// How often each token is looked at: several times while it is stale and still good.
const EVERY: Duration = Duration::from_secs(60);

/// The longest pause of an app whose token is not to be had, in looks.
const PAUSE_MAX: u32 = 15;

/// An app whose token was not to be had.
#[derive(Default)]
struct Failing {
    /// How many looks are left out after the next failure, and how many before the next look.
    pause: u32,
    left: u32,
}

/// Looks at the tokens of all apps from time to time, until nobody holds `shared` any more.
pub(super) fn keep(shared: &Arc<Shared>) {
    let (weak, runtime) = (Arc::downgrade(shared), shared.runtime.clone());
    shared.runtime.spawn(async move {
        let mut failing = BTreeMap::new();
        while let Some(shared) = weak.upgrade() {
            for appid in shared.apps.keys() {
                look(&shared, appid, &mut failing).await;
            }
            drop(shared);
            runtime.sleep(EVERY).await;
        }
    });
}

/// Asks for a token, which refreshes a stale one. A failure is logged once, until it has passed.
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
        tracing::warn!(%appid, error = error.to_string(), "a token cannot be kept warm");
    }
    let paused = failing.entry(appid.clone()).or_default();
    paused.pause = (2 * paused.pause + 1).min(PAUSE_MAX);
    paused.left = paused.pause;
}
