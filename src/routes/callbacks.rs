//! The callbacks of all apps that receive pushes. They follow the apps as these change.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::app::{AppEntry, AppId, Watch};
use crate::callback::{Callback, Recipient};
use crate::client::Wechat;
use crate::clock::SharedClock;
use crate::panic::{Panicked, contain};
use crate::runtime::SharedRuntime;

/// The callback of each app. Readers take no lock.
pub(super) struct Callbacks {
    // Changed by the registry of apps only, one change after the other.
    map: ArcSwap<CallbackMap>,
    settings: Settings,
}

type CallbackMap = BTreeMap<AppId, Callback<()>>;

/// How the callback of a new app is made.
#[derive(Clone)]
struct Settings {
    clock: SharedClock,
    runtime: SharedRuntime,
    changes: Vec<Arc<Change>>,
}

/// A change of a callback's settings.
type Change = dyn Fn(Callback<()>) -> Callback<()> + Send + Sync;

impl Callbacks {
    pub(super) fn new(wechat: &Wechat) -> Arc<Self> {
        let settings = Settings {
            clock: wechat.clock().clone(),
            runtime: wechat.runtime().clone(),
            changes: Vec::new(),
        };
        wechat.apps().watch(|apps| {
            let callback = |app| Some(settings.callback(recipient(app)?));
            let callbacks = apps.values().filter_map(|app| callback(app));
            Self::of(callbacks.collect(), settings)
        })
    }

    fn of(callbacks: Vec<Callback<()>>, settings: Settings) -> Self {
        let callbacks = callbacks.into_iter();
        let map = callbacks.map(|callback| (callback.appid().clone(), callback));
        Self {
            map: ArcSwap::from_pointee(map.collect()),
            settings,
        }
    }

    /// Returns the same callbacks, and those of later apps, with changed settings.
    pub(super) fn changed(&self, wechat: &Wechat, change: Arc<Change>) -> Arc<Self> {
        let mut settings = self.settings.clone();
        settings.changes.push(Arc::clone(&change));
        wechat.apps().watch(|_| {
            let map = self.map.load();
            let callbacks = map.values().cloned().map(|callback| change(callback));
            Self::of(callbacks.collect(), settings)
        })
    }

    /// Returns the callback of a path below the mount. `rest` is the part after `wxmsg`.
    pub(super) fn find(&self, rest: &str) -> Option<Callback<()>> {
        let callbacks = self.map.load();
        match rest.strip_prefix('/') {
            Some(appid) => callbacks.get(appid),
            // With several apps, the path must name one.
            None if rest.is_empty() && callbacks.len() == 1 => callbacks.values().next(),
            None => None,
        }
        .cloned()
    }
}

impl Settings {
    fn callback(&self, recipient: Recipient) -> Callback<()> {
        let callback = Callback::new(recipient, ())
            .clock(self.clock.clone())
            .shared_runtime(self.runtime.clone());
        let changes = self.changes.iter();
        changes.fold(callback, |callback, change| change(callback))
    }
}

impl Watch for Callbacks {
    fn inserted(&self, app: &AppEntry) {
        let Some(recipient) = recipient(app) else {
            return self.removed(&app.appid);
        };
        let mut map = CallbackMap::clone(&self.map.load());
        let callback = match map.remove(&app.appid) {
            // With the settings and the signatures of the one before.
            Some(callback) => Ok(callback.recipient(recipient)),
            None => contain(|| self.settings.callback(recipient)),
        };
        match callback {
            Ok(callback) => {
                map.insert(app.appid.clone(), callback);
            }
            Err(Panicked) => {
                let appid = &app.appid;
                tracing::error!(%appid, "pushes are not received: the settings of the callback panicked");
            }
        }
        self.map.store(Arc::new(map));
    }

    fn removed(&self, appid: &AppId) {
        if self.map.load().contains_key(appid) {
            let mut map = CallbackMap::clone(&self.map.load());
            map.remove(appid);
            self.map.store(Arc::new(map));
        }
    }
}

/// Prints the ids of the apps.
impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.map.load().keys()).finish()
    }
}

fn recipient(app: &AppEntry) -> Option<Recipient> {
    let keys = app.callback.clone()?;
    Some(keys.for_app(app.appid.clone()))
}
