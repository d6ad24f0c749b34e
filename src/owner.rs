//! The owner of a claim in a store that several instances share.

use std::fmt;

/// Identifies one claim among the claims of all instances, in a
/// [`DedupStore`](crate::callback::dedup::DedupStore) or a [`CodeStore`](crate::oauth::CodeStore).
///
/// The owner is displayed as 32 hexadecimal digits, suitable as a value in a database.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimOwner(u128);

impl ClaimOwner {
    /// Creates a new, unique owner.
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for ClaimOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ClaimOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimOwner({self})")
    }
}
