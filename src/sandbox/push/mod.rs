//! Pushes and the results of their delivery.

mod carrier;
mod cause;
mod delivery;
pub(super) mod exchange;
mod pending;

pub use self::cause::Push;
pub use self::delivery::{Attempt, Delivery, Received};

pub(super) use self::carrier::{Carrier, through};
pub(super) use self::pending::Pending;
