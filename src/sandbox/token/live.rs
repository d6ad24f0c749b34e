//! The valid tokens and those that expired within a day.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::daily::{DAY, age};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::issued::Issued;
use crate::sandbox::random;

pub(super) const LIFE: Duration = Duration::from_secs(7200);

#[derive(Debug, Default)]
pub(super) struct LiveTokens(HashMap<String, Live>);

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
        let live = self.0.get(token).ok_or(ErrCode::INVALID_CREDENTIAL)?;
        match live.refused {
            Some(code) => Err(code),
            None if live.end <= now => Err(ErrCode::ACCESS_TOKEN_EXPIRED),
            None => Ok(live.appid.clone()),
        }
    }

    pub(super) fn expire_all(&mut self, now: SystemTime) {
        self.0
            .values_mut()
            .for_each(|live| live.end = live.end.min(now));
    }

    pub(super) fn refuse_all(&mut self) {
        // Expiry is unchanged, so `stable_token` keeps returning the refused token.
        let refused = Some(ErrCode::INVALID_CREDENTIAL);
        self.0.values_mut().for_each(|live| live.refused = refused);
    }

    /// Returns how long a known token remains valid.
    pub(super) fn left(&self, token: &str, now: SystemTime) -> Option<Duration> {
        let live = self.0.get(token)?;
        // Capped: if the clock was set back, more time is left than a token's lifetime.
        Some(live.end.duration_since(now).unwrap_or_default().min(LIFE))
    }

    pub(super) fn shorten(&mut self, token: Option<String>, end: SystemTime) {
        if let Some(live) = token.and_then(|token| self.0.get_mut(&token)) {
            live.end = live.end.min(end);
        }
    }

    pub(super) fn mint(&mut self, appid: &AppId, now: SystemTime, issued: &mut Issued) -> String {
        // The platform forgets a token some time after it expires.
        self.0.retain(|_, live| age(live.end, now) < DAY);
        // The format of real tokens: a number, an underscore and a long random text.
        let token = format!("{}_{}", random::digits(2), random::text(133));
        issued.note(&token);
        let live = Live {
            appid: appid.clone(),
            end: now + LIFE,
            refused: None,
        };
        self.0.insert(token.clone(), live);
        token
    }
}
