//! Pending sign-ins in the memory of one process.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::store::{ScanStore, ScannedUser};
use crate::clock::{Clock, SharedClock};
use crate::error::BoxError;
use crate::runtime::BoxFuture;

/// A [`ScanStore`] in the memory of one process, for a limited number of scenes.
///
/// When it is full no further sign-in begins until one ends: nobody's is thrown out for another's.
pub struct MemoryScans {
    clock: SharedClock,
    capacity: usize,
    scenes: Mutex<Scenes>,
}

#[derive(Default)]
struct Scenes {
    open: HashMap<String, watch::Sender<Option<ScannedUser>>>,
    ends: BTreeSet<(SystemTime, String)>,
}

impl MemoryScans {
    /// A store for at most `capacity` scenes at a time.
    pub fn new(clock: impl Clock, capacity: usize) -> Self {
        Self {
            clock: SharedClock::new(clock),
            capacity,
            scenes: Mutex::default(),
        }
    }

    /// The scenes that have not ended.
    fn scenes(&self) -> MutexGuard<'_, Scenes> {
        let now = self.clock.now();
        let mut scenes = self.scenes.lock().unwrap_or_else(PoisonError::into_inner);
        while scenes.ends.first().is_some_and(|(end, _)| *end <= now) {
            if let Some((_, scene)) = scenes.ends.pop_first() {
                // Those who wait for it are told by the end of their channel.
                scenes.open.remove(&scene);
            }
        }
        scenes
    }

    fn add(&self, scene: &str, life: Duration) -> bool {
        let Some(end) = self.clock.now().checked_add(life) else {
            return false;
        };
        let mut scenes = self.scenes();
        if scenes.open.len() >= self.capacity || scenes.open.contains_key(scene) {
            return false;
        }
        scenes.ends.insert((end, scene.to_owned()));
        let (sender, _) = watch::channel(None);
        scenes.open.insert(scene.to_owned(), sender);
        true
    }

    fn set(&self, scene: &str, user: ScannedUser) -> bool {
        let scenes = self.scenes();
        let Some(sender) = scenes.open.get(scene) else {
            return false;
        };
        let same = |known: &ScannedUser| known.appid == user.appid && known.openid == user.openid;
        if let Some(known) = &*sender.borrow() {
            return same(known);
        }
        sender.send_replace(Some(user));
        true
    }
}

impl MemoryScans {
    /// Ends a scene early. Its end is looked for among those of all scenes, at most `capacity`.
    fn end(&self, scene: &str) {
        let mut scenes = self.scenes();
        if scenes.open.remove(scene).is_some() {
            scenes.ends.retain(|(_, ending)| ending != scene);
        }
    }
}

impl ScanStore for MemoryScans {
    fn open<'a>(&'a self, scene: &'a str, life: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move { Ok(self.add(scene, life)) })
    }

    fn complete<'a>(
        &'a self,
        scene: &'a str,
        user: ScannedUser,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move { Ok(self.set(scene, user)) })
    }

    fn wait(&self, scene: &str) -> BoxFuture<'static, Result<Option<ScannedUser>, BoxError>> {
        let receiver = self.scenes().open.get(scene).map(watch::Sender::subscribe);
        Box::pin(async move {
            let Some(mut receiver) = receiver else {
                return Ok(None);
            };
            let scanned = receiver.wait_for(Option::is_some).await;
            Ok(scanned.ok().and_then(|user| user.clone()))
        })
    }

    fn close<'a>(&'a self, scene: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            self.end(scene);
            Ok(true)
        })
    }
}

impl fmt::Debug for MemoryScans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryScans")
            .field("capacity", &self.capacity)
            .field("open", &self.scenes().open.len())
            .finish_non_exhaustive()
    }
}
