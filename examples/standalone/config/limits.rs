//! The `[limits]` table: the limits of pushes.

use std::ops::RangeInclusive;

use serde::Deserialize;
use tower_wechat::callback::deadline::HandlerTracker;
use tower_wechat::callback::dedup::DedupLayer;

use super::{Wrong, wrong};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    push_bytes: Option<usize>,
    running_pushes: Option<usize>,
    remembered_pushes: Option<usize>,
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        within("push_bytes", self.push_bytes, 1024..=1 << 20)?;
        within("running_pushes", self.running_pushes, 1..=100_000)?;
        within("remembered_pushes", self.remembered_pushes, 1..=10_000_000)
    }

    /// The maximum size of a push's body, in bytes.
    pub(crate) fn push_bytes(&self) -> usize {
        self.push_bytes.unwrap_or(64 << 10)
    }

    /// A tracker with the limit of concurrent handlers per app.
    pub(crate) fn handlers(&self) -> HandlerTracker {
        self.running_pushes
            .map_or_else(HandlerTracker::new, HandlerTracker::with_max)
    }

    /// A `dedup` layer with the limits of running and remembered pushes.
    pub(crate) fn dedup(&self) -> DedupLayer {
        let mut dedup = DedupLayer::new();
        if let Some(pushes) = self.running_pushes {
            dedup = dedup.max_running(pushes);
        }
        if let Some(pushes) = self.remembered_pushes {
            dedup = dedup.capacity(pushes);
        }
        dedup
    }
}

fn within(key: &str, given: Option<usize>, range: RangeInclusive<usize>) -> Result<(), Wrong> {
    match given {
        Some(value) if !range.contains(&value) => {
            let (least, most) = range.into_inner();
            let why = format!("must be {least} to {most} (it is {value})");
            Err(wrong(format!("limits.{key}"), why))
        }
        _ => Ok(()),
    }
}
