//! The bundle of stores.

use std::fmt;

use crate::callback::deadline::pick_up::{self, MemoryPickUpStore, PickUpStore};
use crate::callback::dedup::{self, DedupStore, MemoryDedupStore};
use crate::clock::SystemClock;
use crate::oauth::{self, CodeStore, MemoryCodeStore};
use crate::scan_login::{self, MemoryScanStore, ScanStore};
use crate::token::{self, MemoryTokenStore, TokenStore};

/// How many sign-ins by scan may wait in memory.
const SCANS_MAX: usize = 10_000;

/// The stores that several instances share. See the [module documentation](super).
#[derive(Clone, Default)]
pub struct SharedState {
    pub(crate) tokens: Option<token::SharedStore>,
    pub(crate) dedup: Option<dedup::SharedStore>,
    pub(crate) codes: Option<oauth::SharedStore>,
    pub(crate) scans: Option<scan_login::SharedStore>,
    pub(crate) pick_up: Option<pick_up::SharedStore>,
}

impl SharedState {
    /// Bundles a type that implements all stores. Its clones must share their contents.
    pub fn new<S>(store: S) -> Self
    where
        S: TokenStore + DedupStore + CodeStore + ScanStore + PickUpStore + Clone,
    {
        Self {
            tokens: Some(token::SharedStore::new(store.clone())),
            dedup: Some(dedup::SharedStore::new(store.clone())),
            codes: Some(oauth::SharedStore::new(store.clone())),
            scans: Some(scan_login::SharedStore::new(store.clone())),
            pick_up: Some(pick_up::SharedStore::new(store)),
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
        let scans = MemoryScanStore::new(SystemClock::default(), SCANS_MAX);
        Self {
            tokens: Some(token::SharedStore::new(MemoryTokenStore::new())),
            dedup: Some(dedup::SharedStore::new(MemoryDedupStore::new())),
            codes: Some(oauth::SharedStore::new(MemoryCodeStore::new())),
            scans: Some(scan_login::SharedStore::new(scans)),
            pick_up: Some(pick_up::SharedStore::new(MemoryPickUpStore::new())),
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
            .field("codes", &self.codes.is_some())
            .field("scans", &self.scans.is_some())
            .field("pick_up", &self.pick_up.is_some())
            .finish()
    }
}
