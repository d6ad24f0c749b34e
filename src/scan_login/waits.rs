//! Counts the requests that wait, all of them and those of each sign-in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::ScanError;

/// How many requests may wait for one sign-in: the tabs of one browser, and those that a lost
/// connection left behind. Without it one browser could take the places of all others.
const PER_SIGN_IN_MAX: usize = 10;

pub(super) struct Waits {
    max: usize,
    count: Mutex<Count>,
}

#[derive(Default)]
struct Count {
    all: usize,
    by_scene: HashMap<String, usize>,
}

impl Waits {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            count: Mutex::default(),
        })
    }

    /// Counts one who waits for a scene until what is returned is dropped.
    pub(super) fn enter<'a>(&'a self, scene: &'a str) -> Result<Waiting<'a>, ScanError> {
        let mut count = self.count();
        if count.all >= self.max {
            return Err(ScanError::Busy);
        }
        let of_scene = count.by_scene.entry(scene.to_owned()).or_default();
        if *of_scene >= PER_SIGN_IN_MAX {
            return Err(ScanError::Busy);
        }
        *of_scene += 1;
        count.all += 1;
        Ok(Waiting { waits: self, scene })
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Waiting<'a> {
    waits: &'a Waits,
    scene: &'a str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut count = self.waits.count();
        count.all -= 1;
        if let Some(of_scene) = count.by_scene.get_mut(self.scene) {
            *of_scene -= 1;
            if *of_scene == 0 {
                count.by_scene.remove(self.scene);
            }
        }
    }
}
