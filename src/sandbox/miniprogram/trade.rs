//! Single-use codes: those of `wx.login` and of the phone-number button.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::app::AppId;
use crate::sandbox::directory::PersonId;
use crate::sandbox::random;

const LIFE: Duration = Duration::from_secs(300);
/// How long expired codes are kept: an expired code gets another error than an unknown one.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// The maximum number of codes. The one that expires first is dropped beyond that.
const CODES_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Codes(HashMap<String, Code>);

#[derive(Debug)]
struct Code {
    appid: AppId,
    person: PersonId,
    end: SystemTime,
    used: bool,
}

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Untradable {
    Unknown,
    Foreign,
    Used,
    Expired,
}

impl Codes {
    pub(super) fn mint(&mut self, appid: &AppId, person: PersonId, now: SystemTime) -> String {
        self.0.retain(|_, code| code.end + REMEMBERED > now);
        if self.0.len() >= CODES_MAX {
            let oldest = self.0.iter().min_by_key(|(_, code)| code.end);
            if let Some(oldest) = oldest.map(|(text, _)| text.clone()) {
                self.0.remove(&oldest);
            }
        }
        let text = random::alphanumeric(32);
        let code = Code {
            appid: appid.clone(),
            person,
            end: now + LIFE,
            used: false,
        };
        self.0.insert(text.clone(), code);
        text
    }

    pub(super) fn trade(
        &mut self,
        code: &str,
        appid: &AppId,
        now: SystemTime,
    ) -> Result<PersonId, Untradable> {
        let code = self.0.get_mut(code).ok_or(Untradable::Unknown)?;
        if code.appid != *appid {
            return Err(Untradable::Foreign);
        }
        if code.used {
            return Err(Untradable::Used);
        }
        if code.end <= now {
            return Err(Untradable::Expired);
        }
        code.used = true;
        Ok(code.person)
    }
}
