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

/// The maximum number of faults that wait for their calls.
const COMING_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Faults {
    coming: HashMap<String, VecDeque<Fault>>,
    /// The number of faults in `coming`.
    count: usize,
    calls: HashMap<String, usize>,
}

impl Faults {
    /// Returns whether no further fault can be injected.
    pub(super) fn are_full(&self) -> bool {
        self.count >= COMING_MAX
    }

    /// Injects a fault, unless too many already wait for their calls.
    pub(super) fn push(&mut self, path: &str, fault: Fault) {
        if !self.are_full() {
            let path = path.to_owned();
            self.coming.entry(path).or_default().push_back(fault);
            self.count += 1;
        }
    }

    /// Counts a call and takes its next fault.
    pub(super) fn meet(&mut self, path: &str) -> Option<Fault> {
        if let Some(calls) = self.calls.get_mut(path) {
            *calls += 1;
        } else if self.calls.len() < PATHS_MAX {
            self.calls.insert(path.to_owned(), 1);
        }
        let coming = self.coming.get_mut(path)?;
        let fault = coming.pop_front()?;
        self.count -= 1;
        // Otherwise a path would stay for each fault that was ever injected.
        if coming.is_empty() {
            self.coming.remove(path);
        }
        Some(fault)
    }

    pub(super) fn calls(&self, path: &str) -> usize {
        self.calls.get(path).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_bounded_and_leave_with_their_calls() {
        let mut faults = Faults::default();
        for number in 0..2 * COMING_MAX {
            faults.push(&number.to_string(), Fault::Drop);
        }
        assert!(faults.are_full());
        assert_eq!(faults.coming.len(), COMING_MAX);
        assert!(faults.meet("7").is_some() && faults.meet("7").is_none());
        assert!(!faults.are_full());
        assert_eq!(faults.coming.len(), COMING_MAX - 1);
    }
}
