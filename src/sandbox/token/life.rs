//! The lifecycle of app tokens, by the platform's rules.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::daily::{Calls, age};
use super::live::LiveTokens;
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::answer::Answer;
use crate::sandbox::issued::Issued;

/// The part of a life in which a token and its successor are both valid: five minutes of two hours.
const OVERLAP: u32 = 24;
const CLASSIC_A_DAY: usize = 2000;
const FORCED_A_DAY: usize = 20;
const FORCED_APART: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(in crate::sandbox) struct AppTokens {
    live: LiveTokens,
    apps: HashMap<AppId, Current>,
}

/// The current tokens of an app. Classic and stable tokens are independent of each other.
#[derive(Debug, Default)]
struct Current {
    classic: Option<String>,
    stable: Option<String>,
    classic_calls: Calls,
    forced_calls: Calls,
}

impl AppTokens {
    /// Returns the app that a token belongs to.
    pub(in crate::sandbox) fn check(
        &self,
        token: Option<&str>,
        now: SystemTime,
    ) -> Result<AppId, ErrCode> {
        self.live.check(token, now)
    }

    pub(in crate::sandbox) fn expire_all(&mut self, now: SystemTime) {
        self.live.expire_all(now);
        self.apps.values_mut().for_each(|current| {
            current.classic = None;
            current.stable = None;
        });
    }

    /// Sets the life of new tokens.
    pub(in crate::sandbox) fn set_life(&mut self, life: Duration) {
        self.live.life = life;
    }

    fn overlap(&self) -> Duration {
        // Not below some seconds: a grant tells the remaining life in whole seconds, so a client may
        // refresh a token of a short life up to a second early.
        (self.live.life / OVERLAP).max(Duration::from_secs(3))
    }

    pub(in crate::sandbox) fn refuse_current(&mut self) {
        self.live.refuse_all();
    }

    /// Grants a new classic token. The previous one stays valid for five minutes.
    pub(super) fn classic(
        &mut self,
        appid: &AppId,
        now: SystemTime,
        issued: &mut Issued,
    ) -> Answer {
        let current = self.apps.entry(appid.clone()).or_default();
        if current.classic_calls.of_the_day(now) >= CLASSIC_A_DAY {
            return Err(ErrCode::DAILY_QUOTA_REACHED.into());
        }
        current.classic_calls.add(now);
        let before = current.classic.take();
        self.live.shorten(before, now + self.overlap());
        let token = self.live.mint(appid, now, issued);
        if let Some(current) = self.apps.get_mut(appid) {
            current.classic = Some(token.clone());
        }
        Ok(grant(&token, self.live.life))
    }

    /// Grants a stable token: the same one until its last five minutes, then a new one.
    ///
    /// A forced refresh invalidates the current token at once. A forced refresh within 30 seconds
    /// of the last one is treated as unforced.
    pub(super) fn stable(
        &mut self,
        appid: &AppId,
        force: bool,
        now: SystemTime,
        issued: &mut Issued,
    ) -> Answer {
        let overlap = self.overlap();
        let current = self.apps.entry(appid.clone()).or_default();
        let forced = &mut current.forced_calls;
        let too_soon = forced
            .last()
            .is_some_and(|last| age(last, now) < FORCED_APART);
        let force = force && !too_soon;
        if force {
            if forced.of_the_day(now) >= FORCED_A_DAY {
                return Err(ErrCode::DAILY_QUOTA_REACHED.into());
            }
            forced.add(now);
        }
        let before = current.stable.clone();
        let left = before.as_ref().and_then(|token| self.live.left(token, now));
        match (before, left) {
            (Some(token), Some(left)) if left > overlap && !force => {
                return Ok(grant(&token, left));
            }
            (before, _) if force => self.live.shorten(before, now),
            _ => {}
        }
        let token = self.live.mint(appid, now, issued);
        if let Some(current) = self.apps.get_mut(appid) {
            current.stable = Some(token.clone());
        }
        Ok(grant(&token, self.live.life))
    }
}

fn grant(token: &str, left: Duration) -> Value {
    json!({ "access_token": token, "expires_in": left.as_secs() })
}
