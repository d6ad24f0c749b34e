//! Which [driver](super::driver) looks after the connection.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Which driver is in charge.
#[derive(Default)]
pub(super) struct Drivers(Mutex<InCharge>);

#[derive(Default)]
pub(super) struct InCharge {
    pub(super) number: u64,
    /// When the driver was last polled, or `None` if it has ended.
    pub(super) seen: Option<Instant>,
}

impl Drivers {
    pub(super) fn lock(&self) -> MutexGuard<'_, InCharge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
