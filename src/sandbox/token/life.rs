//! The life of app tokens, by the platform's rules.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::daily::{Calls, DAY, age};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::answer::Answer;
use crate::sandbox::issued::Issued;
use crate::sandbox::random;

const LIFE: Duration = Duration::from_secs(7200);
/// How long two tokens in a row both work.
const OVERLAP: Duration = Duration::from_secs(300);
const CLASSIC_A_DAY: usize = 2000;
const FORCED_A_DAY: usize = 20;
const FORCED_APART: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(in crate::sandbox) struct AppTokens {
    live: HashMap<String, Live>,
    apps: HashMap<AppId, Current>,
}

/// A token that works, or has not been forgotten yet.
#[derive(Debug)]
struct Live {
    appid: AppId,
    end: SystemTime,
    refused: Option<ErrCode>,
}

/// The newest tokens of an app. Those of the two grants do not touch each other.
#[derive(Debug, Default)]
struct Current {
    classic: Option<String>,
    stable: Option<String>,
    classic_calls: Calls,
    forced_calls: Calls,
}

impl AppTokens {
    /// The app that a token is of.
    pub(in crate::sandbox) fn check(
        &self,
        token: Option<&str>,
        now: SystemTime,
    ) -> Result<AppId, ErrCode> {
        let token = token
            .filter(|token| !token.is_empty())
            .ok_or(ErrCode::MISSING_ACCESS_TOKEN)?;
        let live = self.live.get(token).ok_or(ErrCode::INVALID_CREDENTIAL)?;
        match live.refused {
            Some(code) => Err(code),
            None if live.end <= now => Err(ErrCode::ACCESS_TOKEN_EXPIRED),
            None => Ok(live.appid.clone()),
        }
    }

    pub(in crate::sandbox) fn expire_all(&mut self, now: SystemTime) {
        self.live
            .values_mut()
            .for_each(|live| live.end = live.end.min(now));
        self.apps.values_mut().for_each(|current| {
            current.classic = None;
            current.stable = None;
        });
    }

    pub(in crate::sandbox) fn refuse_current(&mut self) {
        let refused = Some(ErrCode::INVALID_CREDENTIAL);
        self.live
            .values_mut()
            .for_each(|live| live.refused = refused);
    }

    /// A new token retires the one before it, which goes on working for five minutes.
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
        self.shorten(before, now + OVERLAP);
        let token = self.mint(appid, now, issued);
        if let Some(current) = self.apps.get_mut(appid) {
            current.classic = Some(token.clone());
        }
        Ok(grant(&token, LIFE))
    }

    /// The same token until its last five minutes, in which it is followed by the next one. A
    /// forced one kills it at once; one that is forced too soon is not.
    pub(super) fn stable(
        &mut self,
        appid: &AppId,
        force: bool,
        now: SystemTime,
        issued: &mut Issued,
    ) -> Answer {
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
        let left = before
            .as_ref()
            .and_then(|token| self.live.get(token))
            // After the clock was set back more is left than a token ever has.
            .map(|live| live.end.duration_since(now).unwrap_or_default().min(LIFE));
        match (before, left) {
            (Some(token), Some(left)) if left > OVERLAP && !force => {
                return Ok(grant(&token, left));
            }
            (before, _) if force => self.shorten(before, now),
            _ => {}
        }
        let token = self.mint(appid, now, issued);
        if let Some(current) = self.apps.get_mut(appid) {
            current.stable = Some(token.clone());
        }
        Ok(grant(&token, LIFE))
    }

    fn shorten(&mut self, token: Option<String>, end: SystemTime) {
        if let Some(live) = token.and_then(|token| self.live.get_mut(&token)) {
            live.end = live.end.min(end);
        }
    }

    fn mint(&mut self, appid: &AppId, now: SystemTime, issued: &mut Issued) -> String {
        // A token that is long dead is unknown to the platform.
        self.live.retain(|_, live| age(live.end, now) < DAY);
        // Real tokens have a number, an underscore and a long random text.
        let token = format!("{}_{}", random::digits(2), random::text(133));
        issued.note(&token);
        let live = Live {
            appid: appid.clone(),
            end: now + LIFE,
            refused: None,
        };
        self.live.insert(token.clone(), live);
        token
    }
}

fn grant(token: &str, left: Duration) -> Value {
    json!({ "access_token": token, "expires_in": left.as_secs() })
}
