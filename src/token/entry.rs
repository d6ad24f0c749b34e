//! The state of an app's tokens, apart from the tokens themselves.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::budget::{Fetches, Forced};
use super::front::Front;
use super::refresh::Refresh;
use super::{TokenKey, TokenKind};
use crate::clock::Moment;
use crate::error::Error;
use crate::secret::Secret;
use crate::store::Owner;

/// The entries of one app.
pub(super) struct AppEntries {
    pub(super) access: Entry,
    pub(super) jsapi: Entry,
    pub(super) card: Entry,
}

impl AppEntries {
    pub(super) fn new(access: TokenKey) -> Self {
        let ticket = |kind| Entry::new(TokenKey::new(access.appid.clone(), kind));
        Self {
            jsapi: ticket(TokenKind::JsapiTicket),
            card: ticket(TokenKind::WxCardTicket),
            access: Entry::new(access),
        }
    }

    pub(super) fn of(&self, kind: TokenKind) -> &Entry {
        match kind {
            TokenKind::JsapiTicket => &self.jsapi,
            TokenKind::WxCardTicket => &self.card,
            TokenKind::StableAccessToken | TokenKind::AccessToken => &self.access,
        }
    }
}

/// The state of one token of an app.
pub(super) struct Entry {
    pub(super) key: TokenKey,
    /// The holder of this instance's leases. It is the same for each fetch, so that a fetch that
    /// takes over a stopped one need not wait for the end of its lease.
    pub(super) owner: Owner,
    pub(super) front: Front,
    pub(super) refresh: Refresh,
    memory: Mutex<Memory>,
}

#[derive(Default)]
pub(super) struct Memory {
    /// The source's last error, while it is returned from memory.
    pub(super) refused: Option<Refused>,
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
    pub(super) fn new(key: TokenKey) -> Self {
        Self {
            key,
            owner: Owner::new(),
            front: Front::default(),
            refresh: Refresh::default(),
            memory: Mutex::default(),
        }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
