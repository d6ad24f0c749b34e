//! The bundle of stores.

use std::fmt;

use crate::token::{self, TokenStore};

/// The stores that several instances share. See the [module documentation](super).
#[derive(Clone, Default)]
pub struct SharedState {
    pub(crate) tokens: Option<token::SharedStore>,
}

impl SharedState {
    /// Bundles a type that implements all stores. Its clones must share their contents.
    pub fn new<S>(store: S) -> Self
    where
        S: TokenStore + Clone,
    {
        Self {
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
            .finish()
    }
}
