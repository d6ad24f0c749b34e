//! What is known of an app's tokens beside the tokens themselves.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::flight::Flight;
use super::hot::Hot;
use super::{TokenKey, TokenKind};
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
    pub(super) refreshing: AtomicBool,
    memory: Mutex<Memory>,
}

#[derive(Default)]
pub(super) struct Memory {
    /// The source's refusal, and until when it is taken as its answer.
    pub(super) refused: Option<(Error, SystemTime)>,
    /// The last token that the platform refused.
    pub(super) retired: Option<Secret>,
    /// Until when that token is used all the same.
    pub(super) reinstated: Option<SystemTime>,
}

impl Slot {
    pub(super) fn new(key: TokenKey) -> Self {
        Self {
            key,
            hot: Hot::default(),
            flight: Flight::default(),
            refreshing: AtomicBool::new(false),
            memory: Mutex::default(),
        }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
