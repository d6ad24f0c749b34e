//! The registry of apps, which can change while they are in use.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::Notify;

use super::hash::IdHash;
use super::{AppConfig, AppEntry, AppId};
use crate::error::Error;

/// All apps. Clones share one registry.
///
/// Every change publishes another map, so that readers take no lock, and see either all of a change
/// or nothing of it. A change therefore takes time in proportion to the number of apps.
#[derive(Clone)]
pub(crate) struct Apps(Arc<Inner>);

struct Inner {
    map: ArcSwap<AppMap>,
    /// Whether the platform issues the tokens, which takes a secret.
    needs_secret: bool,
    /// Locked by every change, so that changes come one after the other.
    watchers: Mutex<Vec<Weak<dyn Watch>>>,
    changed: Arc<Notify>,
}

type AppMap = HashMap<AppId, Arc<AppEntry>, IdHash>;

/// Keeps something for each app, and is told of changes.
pub(crate) trait Watch: Send + Sync {
    /// Called after an app was added or replaced.
    fn inserted(&self, app: &AppEntry);

    /// Called after an app was removed.
    fn removed(&self, appid: &AppId);
}

impl Apps {
    pub(crate) fn new(
        configs: impl IntoIterator<Item = AppConfig>,
        needs_secret: bool,
    ) -> Result<Self, Error> {
        let mut map = AppMap::default();
        for config in configs {
            let app = checked(config, needs_secret)?;
            let appid = app.appid.clone();
            if map.insert(appid.clone(), Arc::new(app)).is_some() {
                return Err(Error::config(format!("app {appid} is configured twice")));
            }
        }
        Ok(Self(Arc::new(Inner {
            map: ArcSwap::from_pointee(map),
            needs_secret,
            watchers: Mutex::default(),
            changed: Arc::default(),
        })))
    }

    /// Returns the current apps. Not to be held across an await: a reader has few free slots on
    /// each thread.
    pub(crate) fn load(&self) -> Guard<Arc<AppMap>> {
        self.0.map.load()
    }

    /// Returns the ids, in order.
    pub(crate) fn ids(&self) -> Vec<AppId> {
        let mut ids: Vec<_> = self.load().keys().cloned().collect();
        ids.sort_unstable();
        ids
    }

    /// Returns an app.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownApp`](crate::ErrorKind::UnknownApp)
    pub(crate) fn get(&self, appid: &str) -> Result<Arc<AppEntry>, Error> {
        let apps = self.load();
        let app = apps.get(appid).ok_or_else(|| Error::unknown_app(appid))?;
        Ok(Arc::clone(app))
    }

    /// Adds an app, or replaces the one with this id. Returns whether it replaced one.
    pub(crate) fn insert(&self, config: AppConfig) -> Result<bool, Error> {
        let mut app = checked(config, self.0.needs_secret)?;
        let mut watchers = self.watchers();
        let mut map = AppMap::clone(&self.0.map.load());
        let old = map.get(&app.appid).cloned();
        if let Some(old) = &old {
            app.replace(old);
        }
        let app = Arc::new(app);
        map.insert(app.appid.clone(), Arc::clone(&app));
        self.0.map.store(Arc::new(map));
        // After the map was published, so that no fetch with the old secret starts any more.
        if let Some(old) = &old
            && !old.fetches_as(&app)
        {
            app.tokens.retry();
        }
        tell(&mut watchers, |watcher| watcher.inserted(&app));
        self.0.changed.notify_one();
        Ok(old.is_some())
    }

    /// Removes an app and returns it.
    pub(crate) fn remove(&self, appid: &str) -> Option<Arc<AppEntry>> {
        let mut watchers = self.watchers();
        let mut map = AppMap::clone(&self.0.map.load());
        let app = map.remove(appid)?;
        self.0.map.store(Arc::new(map));
        tell(&mut watchers, |watcher| watcher.removed(&app.appid));
        Some(app)
    }

    /// Creates a watcher from the current apps. It is told of all later changes until it is
    /// dropped.
    pub(crate) fn watch<W: Watch + 'static>(&self, make: impl FnOnce(&AppMap) -> W) -> Arc<W> {
        let mut watchers = self.watchers();
        // Those that were dropped end here, too, if the apps never change.
        watchers.retain(|watcher| watcher.strong_count() > 0);
        let watcher = Arc::new(make(&self.0.map.load()));
        let weak: Weak<W> = Arc::downgrade(&watcher);
        watchers.push(weak);
        watcher
    }

    /// Returns the signal that an app was added or replaced, for one waiting task.
    pub(crate) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.0.changed)
    }

    fn watchers(&self) -> MutexGuard<'_, Vec<Weak<dyn Watch>>> {
        self.0
            .watchers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(watchers: &mut Vec<Weak<dyn Watch>>, news: impl Fn(&dyn Watch)) {
    watchers.retain(|watcher| {
        let watcher = watcher.upgrade();
        watcher.iter().for_each(|watcher| news(&**watcher));
        watcher.is_some()
    });
}

fn checked(config: AppConfig, needs_secret: bool) -> Result<AppEntry, Error> {
    let app = AppEntry::try_from(config)?;
    if needs_secret {
        app.check_secret()?;
    }
    Ok(app)
}

/// Prints the ids.
impl fmt::Debug for Apps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ids()).finish()
    }
}
