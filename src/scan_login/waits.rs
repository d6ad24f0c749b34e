//! Counts waiting requests, in total and per sign-in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::ScanError;

/// The maximum number of requests that wait for one sign-in: the tabs of one browser, and requests
/// left behind by lost connections. The limit keeps one browser from using up the total.
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

    /// Counts a request that waits for a scene, until the returned guard is dropped.
    pub(super) fn enter<'a>(&'a self, scene: &'a str) -> Result<Waiting<'a>, ScanError> {
        let mut count = self.count();
        if count.all >= self.max {
            return Err(ScanError::Busy);
        }
        // A new entry starts below the limit, so a refusal leaves no empty entry behind.
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
