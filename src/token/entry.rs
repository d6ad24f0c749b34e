//! The state of an app's tokens, apart from the tokens themselves.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::budget::{Fetches, Forced};
use super::front::Front;
use super::refresh::Refresh;
use super::{TokenKey, TokenKind};
use crate::app::{AppId, TokenGrant};
use crate::clock::Moment;
use crate::error::Error;
use crate::secret::Secret;
use crate::store::Owner;

/// The tokens of one app, from when it is added until it is removed. Clones share them.
///
/// The two grants have independent tokens.
#[derive(Clone)]
pub(crate) struct AppTokens {
    stable: Arc<Entry>,
    classic: Arc<Entry>,
    pub(super) jsapi: Arc<Entry>,
    pub(super) card: Arc<Entry>,
}

impl AppTokens {
    pub(crate) fn new(appid: &AppId) -> Self {
        let entry = |kind| Arc::new(Entry::new(TokenKey::new(appid.clone(), kind)));
        Self {
            stable: entry(TokenKind::StableAccessToken),
            classic: entry(TokenKind::AccessToken),
            jsapi: entry(TokenKind::JsapiTicket),
            card: entry(TokenKind::WxCardTicket),
        }
    }

    pub(super) fn access(&self, grant: TokenGrant) -> &Arc<Entry> {
        match grant {
            TokenGrant::Stable => &self.stable,
            TokenGrant::Classic => &self.classic,
        }
    }

    pub(super) fn all(&self) -> [&Arc<Entry>; 4] {
        [&self.stable, &self.classic, &self.jsapi, &self.card]
    }

    /// Lets the next callers fetch at once, whatever the source refused so far: the app has another
    /// secret or another grant.
    pub(crate) fn retry(&self) {
        for entry in self.all() {
            let mut memory = entry.memory();
            memory.refused = None;
            memory.retries += 1;
        }
    }

    /// Returns a number that changes with every [`retry`](Self::retry), and differs from those of
    /// all other apps.
    pub(crate) fn version(&self) -> (u64, u64) {
        (self.stable.id, self.stable.memory().retries)
    }
}

impl fmt::Debug for AppTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppTokens")
    }
}

/// The state of one token of an app.
pub(super) struct Entry {
    /// The key of the token in the cache. An app that is added again has other ids, so that what
    /// is left of the removed one does not touch its tokens.
    pub(super) id: u64,
    pub(super) key: TokenKey,
    /// The holder of this instance's leases. It is the same for each fetch, so that a fetch that
    /// takes over a stopped one need not wait for the end of its lease.
    pub(super) owner: Owner,
    pub(super) front: Front,
    pub(super) refresh: Refresh,
    memory: Mutex<Memory>,
    ended: AtomicBool,
}

#[derive(Default)]
pub(super) struct Memory {
    /// The source's last error, while it is returned from memory.
    pub(super) refused: Option<Refused>,
    /// How often the app's secret or grant was replaced.
    pub(super) retries: u64,
    /// The last token that the platform rejected.
    pub(super) retired: Option<Secret>,
    /// When that token was put back into use, because no other could be fetched.
    pub(super) reinstated: Option<Moment>,
    /// The calls that this instance counts by itself, while the store fails.
    pub(super) fetches: Fetches,
    pub(super) forced: Forced,
}

/// A cached error of the source: what it is, since when, and for how long it is kept.
pub(super) struct Refused {
    pub(super) error: Error,
    pub(super) since: Moment,
    pub(super) kept: Duration,
}

impl Entry {
    fn new(key: TokenKey) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(0);
        Self {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            key,
            owner: Owner::new(),
            front: Front::default(),
            refresh: Refresh::default(),
            memory: Mutex::default(),
            ended: AtomicBool::new(false),
        }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the app was removed.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Returns whether the app was removed.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}
