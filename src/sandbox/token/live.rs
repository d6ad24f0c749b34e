//! The valid tokens and those that expired within a day.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::daily::{DAY, age};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::issued::Issued;
use crate::sandbox::random;

/// The life of the platform's tokens.
const LIFE: Duration = Duration::from_secs(7200);

#[derive(Debug)]
pub(super) struct LiveTokens {
    /// The life of a new token.
    pub(super) life: Duration,
    tokens: HashMap<String, Live>,
}

impl Default for LiveTokens {
    fn default() -> Self {
        Self {
            life: LIFE,
            tokens: HashMap::new(),
        }
    }
}

/// A token that is valid or expired less than a day ago.
#[derive(Debug)]
struct Live {
    appid: AppId,
    end: SystemTime,
    refused: Option<ErrCode>,
}

impl LiveTokens {
    /// Returns the app that a token belongs to.
    pub(super) fn check(&self, token: Option<&str>, now: SystemTime) -> Result<AppId, ErrCode> {
        let token = token
            .filter(|token| !token.is_empty())
            .ok_or(ErrCode::MISSING_ACCESS_TOKEN)?;
        let live = self.tokens.get(token).ok_or(ErrCode::INVALID_CREDENTIAL)?;
        match live.refused {
            Some(code) => Err(code),
            None if live.end <= now => Err(ErrCode::ACCESS_TOKEN_EXPIRED),
            None => Ok(live.appid.clone()),
        }
    }

    pub(super) fn expire_all(&mut self, now: SystemTime) {
        self.tokens
            .values_mut()
            .for_each(|live| live.end = live.end.min(now));
    }

    pub(super) fn refuse_all(&mut self) {
        // Expiry is unchanged, so `stable_token` keeps returning the refused token.
        let refused = Some(ErrCode::INVALID_CREDENTIAL);
        self.tokens
            .values_mut()
            .for_each(|live| live.refused = refused);
    }

    /// Returns how long a known token remains valid.
    pub(super) fn left(&self, token: &str, now: SystemTime) -> Option<Duration> {
        let live = self.tokens.get(token)?;
        // Capped: if the clock was set back, more time is left than a token's lifetime.
        Some(
            live.end
                .duration_since(now)
                .unwrap_or_default()
                .min(self.life),
        )
    }

    pub(super) fn shorten(&mut self, token: Option<String>, end: SystemTime) {
        if let Some(live) = token.and_then(|token| self.tokens.get_mut(&token)) {
            live.end = live.end.min(end);
        }
    }

    pub(super) fn mint(&mut self, appid: &AppId, now: SystemTime, issued: &mut Issued) -> String {
        // The platform forgets a token some time after it expires.
        self.tokens.retain(|_, live| age(live.end, now) < DAY);
        // The format of real tokens: a number, an underscore and a long random text.
        let token = format!("{}_{}", random::digits(2), random::alphanumeric(133));
        issued.note(&token);
        let live = Live {
            appid: appid.clone(),
            end: now + self.life,
            refused: None,
        };
        self.tokens.insert(token.clone(), live);
        token
    }
}
