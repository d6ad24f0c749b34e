//! The owner of a claim.

use std::fmt;

/// Identifies the holder of a claim among the tasks of all instances.
///
/// It is displayed as 32 hexadecimal digits, suitable as a value in a database.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner(u128);

impl Owner {
    /// Creates a new, unique owner.
    #[expect(clippy::new_without_default, reason = "two owners are never equal")]
    pub fn new() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owner({self})")
    }
}
