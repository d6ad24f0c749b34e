//! Injected faults and call counters.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use ::http::Response;
use bytes::Bytes;

use crate::error::ErrCode;

/// A fault injected into one call.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Refuse(ErrCode),
    Answer(Response<Bytes>),
    Delay(Duration),
    Drop,
}

/// The maximum number of counted paths. Bounds memory when clients call arbitrary paths.
const PATHS_MAX: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Faults {
    coming: HashMap<String, VecDeque<Fault>>,
    calls: HashMap<String, usize>,
}

impl Faults {
    pub(super) fn push(&mut self, path: &str, fault: Fault) {
        self.coming
            .entry(path.to_owned())
            .or_default()
            .push_back(fault);
    }

    /// Counts a call and takes its next fault.
    pub(super) fn meet(&mut self, path: &str) -> Option<Fault> {
        if let Some(calls) = self.calls.get_mut(path) {
            *calls += 1;
        } else if self.calls.len() < PATHS_MAX {
            self.calls.insert(path.to_owned(), 1);
        }
        self.coming.get_mut(path)?.pop_front()
    }

    pub(super) fn calls(&self, path: &str) -> usize {
        self.calls.get(path).copied().unwrap_or_default()
    }
}
