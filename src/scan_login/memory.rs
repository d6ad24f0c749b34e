//! Pending sign-ins in the memory of one process.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::store::{LIFE_MAX, ScanStore, ScannedUser};
use crate::clock::{Clock, Moment, SharedClock};
use crate::store::StoreError;

/// A [`ScanStore`] in the memory of one process, with a limited number of scenes. Clones share the
/// scenes.
///
/// When it is full, no further sign-in begins until one ends. It never evicts a pending sign-in.
#[derive(Clone)]
pub struct MemoryScanStore {
    clock: SharedClock,
    capacity: usize,
    scenes: Arc<Mutex<Scenes>>,
}

/// The scenes by name, and by their end on the wall clock and on the monotonic clock.
#[derive(Default)]
struct Scenes {
    open: HashMap<String, Scene>,
    wall: BTreeSet<(SystemTime, String)>,
    monotonic: BTreeSet<(Duration, String)>,
}

struct Scene {
    user: watch::Sender<Option<ScannedUser>>,
    /// When it ends: at whichever of the two times comes first.
    wall: SystemTime,
    monotonic: Duration,
}

impl Scenes {
    fn open(&mut self, name: &str, scene: Scene) {
        self.wall.insert((scene.wall, name.to_owned()));
        self.monotonic.insert((scene.monotonic, name.to_owned()));
        self.open.insert(name.to_owned(), scene);
    }

    /// Removes a scene. Its waiters are woken because their channel closes.
    fn end(&mut self, name: &str) {
        if let Some(Scene {
            wall, monotonic, ..
        }) = self.open.remove(name)
        {
            self.wall.remove(&(wall, name.to_owned()));
            self.monotonic.remove(&(monotonic, name.to_owned()));
        }
    }

    /// Returns a scene that has ended by `now`, if any.
    fn ended(&self, now: Moment) -> Option<String> {
        let wall = self.wall.first().filter(|(end, _)| *end <= now.wall);
        let monotonic = || {
            let first = self.monotonic.first();
            first.filter(|(end, _)| *end <= now.monotonic)
        };
        let name = wall.map(|(_, name)| name);
        name.or_else(|| monotonic().map(|(_, name)| name)).cloned()
    }
}

impl MemoryScanStore {
    /// Creates a store for at most `capacity` scenes at a time.
    pub fn new(clock: impl Clock, capacity: usize) -> Self {
        Self {
            clock: SharedClock::new(clock),
            capacity,
            scenes: Arc::default(),
        }
    }

    /// Locks the scenes, after removing those that have ended.
    fn scenes(&self) -> MutexGuard<'_, Scenes> {
        let now = self.clock.moment();
        let mut scenes = self.scenes.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(ended) = scenes.ended(now) {
            scenes.end(&ended);
        }
        scenes
    }

    fn add(&self, scene: &str, life: Duration) -> bool {
        let Moment { wall, monotonic } = self.clock.moment().after(life.min(LIFE_MAX));
        let mut scenes = self.scenes();
        if scenes.open.len() >= self.capacity || scenes.open.contains_key(scene) {
            return false;
        }
        let (user, _) = watch::channel(None);
        let pending = Scene {
            user,
            wall,
            monotonic,
        };
        scenes.open(scene, pending);
        true
    }

    fn set(&self, scene: &str, user: ScannedUser) -> bool {
        let scenes = self.scenes();
        let Some(Scene { user: sender, .. }) = scenes.open.get(scene) else {
            return false;
        };
        // The platform retries pushes: a repeated scan of the same user succeeds again.
        if let Some(known) = &*sender.borrow() {
            return known.is_same(&user);
        }
        sender.send_replace(Some(user));
        true
    }
}

impl ScanStore for MemoryScanStore {
    async fn open(&self, scene: &str, life: Duration) -> Result<bool, StoreError> {
        Ok(self.add(scene, life))
    }

    async fn complete(&self, scene: &str, user: ScannedUser) -> Result<bool, StoreError> {
        Ok(self.set(scene, user))
    }

    async fn wait(&self, scene: &str) -> Result<Option<ScannedUser>, StoreError> {
        // The lock is released before the wait.
        let receiver = {
            let scenes = self.scenes();
            scenes.open.get(scene).map(|scene| scene.user.subscribe())
        };
        let Some(mut receiver) = receiver else {
            return Ok(None);
        };
        let scanned = receiver.wait_for(Option::is_some).await;
        Ok(scanned.ok().and_then(|user| user.clone()))
    }

    async fn close(&self, scene: &str) -> Result<bool, StoreError> {
        self.scenes().end(scene);
        Ok(true)
    }
}

impl fmt::Debug for MemoryScanStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryScanStore")
            .field("capacity", &self.capacity)
            .field("open", &self.scenes().open.len())
            .finish_non_exhaustive()
    }
}
