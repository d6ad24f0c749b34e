//! The owner of a claim.

use std::fmt;

/// Identifies the claim of one run among the runs of all instances.
///
/// The owner is displayed as 32 hexadecimal digits, suitable as a value in a database.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DedupOwner(u128);

impl DedupOwner {
    /// Creates a new, unique owner.
    pub(super) fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for DedupOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for DedupOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DedupOwner({self})")
    }
}
