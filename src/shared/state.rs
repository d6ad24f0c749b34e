//! The bundle of stores.

use std::fmt;

use crate::callback::dedup::{self, DedupStore, MemoryDedupStore};
use crate::token::{self, MemoryTokenStore, TokenStore};

/// The stores that several instances share. See the [module documentation](super).
#[derive(Clone, Default)]
pub struct SharedState {
    pub(crate) tokens: Option<token::SharedStore>,
    pub(crate) dedup: Option<dedup::SharedStore>,
}

impl SharedState {
    /// Bundles a type that implements all stores. Its clones must share their contents.
    pub fn new<S>(store: S) -> Self
    where
        S: TokenStore + DedupStore + Clone,
    {
        Self {
            tokens: Some(token::SharedStore::new(store.clone())),
            dedup: Some(dedup::SharedStore::new(store)),
        }
    }

    /// Bundles stores in the memory of this process, for several [`Wechat`](crate::Wechat) handles.
    ///
    /// ```
    /// use tower_wechat::shared::SharedState;
    /// use tower_wechat::{AppConfig, Wechat};
    ///
    /// let state = SharedState::memory();
    /// let app = AppConfig::new("wx3cc8fd6963e31a32", "the app secret");
    /// let one = Wechat::builder().app(app.clone()).shared(state.clone()).build()?;
    /// let two = Wechat::builder().app(app).shared(state).build()?;
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    pub fn memory() -> Self {
        Self {
            tokens: Some(token::SharedStore::new(MemoryTokenStore::new())),
            dedup: Some(dedup::SharedStore::new(MemoryDedupStore::new())),
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
            .field("dedup", &self.dedup.is_some())
            .finish()
    }
}
