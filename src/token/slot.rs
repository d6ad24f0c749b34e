//! What is known of an app's tokens beside the tokens themselves.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::flight::Flight;
use super::hot::Hot;
use super::refresh::Refresh;
use super::{TokenKey, TokenKind};
use crate::clock::Moment;
use crate::error::Error;
use crate::secret::Secret;

/// The slots of one app.
pub(super) struct AppSlots {
    pub(super) access: Slot,
    pub(super) jsapi: Slot,
    pub(super) card: Slot,
}

impl AppSlots {
    pub(super) fn new(access: TokenKey) -> Self {
        let ticket = |kind| Slot::new(TokenKey::new(access.appid.clone(), kind));
        Self {
            jsapi: ticket(TokenKind::JsapiTicket),
            card: ticket(TokenKind::WxCardTicket),
            access: Slot::new(access),
        }
    }

    pub(super) fn of(&self, kind: TokenKind) -> &Slot {
        match kind {
            TokenKind::JsapiTicket => &self.jsapi,
            TokenKind::WxCardTicket => &self.card,
            TokenKind::StableAccessToken | TokenKind::AccessToken => &self.access,
        }
    }
}

/// One token of an app.
pub(super) struct Slot {
    pub(super) key: TokenKey,
    pub(super) hot: Hot,
    pub(super) flight: Flight,
    pub(super) refresh: Refresh,
    memory: Mutex<Memory>,
}

#[derive(Default)]
pub(super) struct Memory {
    /// The source's refusal, while it is taken as its answer.
    pub(super) refused: Option<Refused>,
    /// The last token that the platform refused.
    pub(super) retired: Option<Secret>,
    /// Since when that token is used all the same.
    pub(super) reinstated: Option<Moment>,
}

/// Why the source gave no token, since when that is known, and for how long it is remembered.
pub(super) struct Refused {
    pub(super) error: Error,
    pub(super) since: Moment,
    pub(super) kept: Duration,
}

impl Slot {
    pub(super) fn new(key: TokenKey) -> Self {
        Self {
            key,
            hot: Hot::default(),
            flight: Flight::default(),
            refresh: Refresh::default(),
            memory: Mutex::default(),
        }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
