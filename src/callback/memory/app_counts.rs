//! Counts something for each app, up to a limit.

use std::collections::hash_map::Entry;

use super::fingerprint::{FingerprintMap, Fingerprints};
use crate::app::AppId;

/// A count for each app. Apps without a count take no memory.
#[derive(Default)]
pub(crate) struct AppCounts {
    fingerprints: Fingerprints,
    counts: FingerprintMap<usize>,
}

/// An app that was counted.
#[derive(Clone, Copy)]
pub(crate) struct Counted(u64);

impl AppCounts {
    /// Adds one to the count of an app. Returns `None` if it is `max` already.
    pub(crate) fn increment(&mut self, appid: &AppId, max: usize) -> Option<Counted> {
        let app = self.fingerprints.of(appid);
        let count = self.counts.entry(app).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Counted(app))
    }

    /// Subtracts one from the count of an app.
    pub(crate) fn decrement(&mut self, Counted(app): Counted) {
        if let Entry::Occupied(mut count) = self.counts.entry(app) {
            *count.get_mut() -= 1;
            // The map keeps its capacity, so that the next count does not allocate.
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}
