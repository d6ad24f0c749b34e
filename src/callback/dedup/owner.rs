//! Whose claim it is.

use std::fmt;

/// Tells the claim of one run from every other one's, of this instance or another.
///
/// It prints as 32 hexadecimal digits, fit for a value in a database.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DedupOwner(u128);

impl DedupOwner {
    /// A new owner, unlike all others.
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
