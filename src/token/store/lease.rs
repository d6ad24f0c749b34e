//! The right to fetch a token.

/// The answer to a request for a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lease {
    /// The lease is granted: the caller fetches the token.
    Granted(Fence),
    /// Another instance is fetching the token.
    Held,
}

/// The number of a lease. A token fetched under a lease is not stored once a later lease has been
/// granted, so a holder that was paused cannot overwrite a newer token.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(u64);

impl Fence {
    /// Creates the fence with a number from the store.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub fn get(self) -> u64 {
        self.0
    }
}
