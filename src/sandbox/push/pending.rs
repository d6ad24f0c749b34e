//! The platform's own pushes, sent some time after a call.

use std::collections::VecDeque;

use super::carrier::Carrier;
use super::cause::Push;

/// The maximum number of pending pushes. The oldest is dropped beyond that.
const PENDING_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(in crate::sandbox) struct Pending {
    pushes: VecDeque<Push>,
    carrier: Option<Carrier>,
}

impl Pending {
    pub(in crate::sandbox) fn add(&mut self, push: Push) {
        if self.pushes.len() == PENDING_MAX {
            self.pushes.pop_front();
        }
        self.pushes.push_back(push);
    }

    pub(in crate::sandbox) fn take(&mut self) -> VecDeque<Push> {
        std::mem::take(&mut self.pushes)
    }

    pub(in crate::sandbox) fn carry(&mut self, carrier: Carrier) {
        self.carrier = Some(carrier);
    }

    /// Returns the push transport if one is set and pushes are pending.
    pub(in crate::sandbox) fn carrier(&self) -> Option<Carrier> {
        if self.pushes.is_empty() {
            return None;
        }
        self.carrier.clone()
    }
}
