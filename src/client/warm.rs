//! Keeps the tokens fresh while they are not in use.

use std::collections::HashMap;
use std::future::{poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::Shared;
use crate::app::{AppEntry, AppId};
use crate::error::ErrorKind;
use crate::runtime::BoxFuture;

/// The interval between checks: several fit between a token becoming stale and its expiry.
const EVERY: Duration = Duration::from_secs(60);

/// The longest backoff of an app whose token cannot be fetched, in checks.
const PAUSE_MAX: u32 = 15;

/// An app whose token was checked.
struct Checked {
    /// The version of its tokens. With another one, the app has other credentials.
    version: (u64, u64),
    /// How many checks to skip after the last failure; 0 if the last check succeeded.
    pause: u32,
    /// How many of them are still to be skipped.
    left: u32,
}

type Apps = HashMap<AppId, Checked>;

/// Checks the tokens of all apps periodically, until the last handle to `shared` is dropped.
pub(super) fn keep(shared: &Arc<Shared>) {
    let (weak, runtime) = (Arc::downgrade(shared), shared.runtime.clone());
    let changed = shared.apps.changed();
    shared.runtime.spawn(async move {
        let mut checked = Apps::new();
        let mut all = true;
        let mut pause: BoxFuture<'_, ()> = Box::pin(ready(()));
        // Upgraded per round and dropped before the sleep, so the task keeps nothing alive.
        while let Some(shared) = weak.upgrade() {
            round(&shared, &mut checked, all).await;
            drop(shared);
            if all {
                pause = runtime.sleep(EVERY);
            }
            let mut changed = pin!(changed.notified());
            all = poll_fn(|cx| match pause.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending => changed.as_mut().poll(cx).map(|()| false),
            })
            .await;
        }
    });
}

/// Checks the tokens of all apps, or only those of apps that are new or have other credentials.
async fn round(shared: &Shared, checked: &mut Apps, all: bool) {
    let apps: Vec<_> = {
        let apps = shared.apps.load();
        checked.retain(|appid, _| apps.contains_key(appid));
        apps.values().cloned().collect()
    };
    for app in &apps {
        let version = app.tokens.version();
        let known = checked.get_mut(&app.appid);
        match known.filter(|known| known.version == version) {
            None => {}
            Some(_) if !all => continue,
            Some(known) if known.left > 0 => {
                known.left -= 1;
                continue;
            }
            Some(_) => {}
        }
        look(shared, app, version, checked).await;
    }
}

/// Gets a token, which refreshes a stale one. A failure is logged once, until a later check
/// succeeds.
async fn look(shared: &Shared, app: &AppEntry, version: (u64, u64), checked: &mut Apps) {
    let appid = &app.appid;
    let known = checked.get(appid);
    let before = known.filter(|known| known.version == version);
    let before = before.map_or(0, |known| known.pause);
    let pause = match shared.tokens.get(appid).await {
        Ok(_) => 0,
        // Removed in the meantime.
        Err(error) if error.kind() == ErrorKind::UnknownApp => return,
        Err(error) => {
            if before == 0 {
                tracing::warn!(%appid, error = error.to_string(), "could not keep a token warm");
            }
            // 1, 3, 7, then 15 skipped checks: at most about a quarter of an hour between attempts.
            (2 * before + 1).min(PAUSE_MAX)
        }
    };
    let known = Checked {
        version,
        pause,
        left: pause,
    };
    checked.insert(appid.clone(), known);
}
