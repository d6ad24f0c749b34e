//! Prevents a captured push from being handled again, and a signature from covering another body.

mod claim;
mod memory;

pub(crate) use self::claim::{Claim, Delivery};
pub(crate) use self::memory::{Admission, Replays};
