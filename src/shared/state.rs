//! The bundle of stores.

use std::fmt;

use crate::callback::deadline::pick_up::{self, PickUpStore};
use crate::scan_login::{self, ScanStore};
use crate::token::{self, TokenStore};

/// The stores that several instances share. See the [module documentation](super).
#[derive(Clone, Default)]
pub struct SharedState {
    pub(crate) tokens: Option<token::SharedStore>,
    pub(crate) scans: Option<scan_login::SharedStore>,
    pub(crate) pick_up: Option<pick_up::SharedStore>,
}

impl SharedState {
    /// Bundles a type that implements all stores. Its clones must share their contents.
    pub fn new<S>(store: S) -> Self
    where
        S: TokenStore + ScanStore + PickUpStore + Clone,
    {
        Self {
            scans: Some(scan_login::SharedStore::new(store.clone())),
            pick_up: Some(pick_up::SharedStore::new(store.clone())),
            tokens: Some(token::SharedStore::new(store)),
        }
    }
}

#[cfg(feature = "redis")]
impl From<super::redis::RedisStore> for SharedState {
    fn from(store: super::redis::RedisStore) -> Self {
        Self::new(store)
    }
}

impl fmt::Debug for SharedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedState")
            .field("tokens", &self.tokens.is_some())
            .field("scans", &self.scans.is_some())
            .field("pick_up", &self.pick_up.is_some())
            .finish()
    }
}
