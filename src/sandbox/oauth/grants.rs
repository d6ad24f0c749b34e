//! OAuth codes and user tokens.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::app::AppId;
use crate::sandbox::directory::PersonId;
use crate::sandbox::issued::Issued;
use crate::sandbox::random;

const CODE_LIFE: Duration = Duration::from_secs(300);
/// How long expired entries are kept: an expired code or token gets another error than an unknown
/// one.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// The maximum number of kept codes. Tokens are not limited separately.
const GRANTS_MAX: usize = 100_000;

#[derive(Debug, Default)]
pub(in crate::sandbox) struct Grants {
    pub(super) codes: HashMap<String, Code>,
    pub(super) tokens: HashMap<String, Grant>,
    pub(super) refresh: HashMap<String, (Grant, String)>,
}

#[derive(Debug)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) used: bool,
}

/// An authorisation that a user gave an app, with its expiry.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) appid: AppId,
    pub(super) person: PersonId,
    /// Whether the scope is `snsapi_userinfo` instead of `snsapi_base`.
    pub(super) profile: bool,
    pub(super) end: SystemTime,
}

impl Grant {
    pub(super) fn until(&self, end: SystemTime) -> Self {
        Self {
            end,
            ..self.clone()
        }
    }
}

impl Grants {
    fn forget(&mut self, now: SystemTime) {
        let remembered = |end: SystemTime| end + REMEMBERED > now;
        self.codes.retain(|_, code| remembered(code.grant.end));
        self.tokens.retain(|_, grant| remembered(grant.end));
        self.refresh.retain(|_, (grant, _)| remembered(grant.end));
    }

    /// Issues a code. Returns `None` if there are too many.
    pub(in crate::sandbox) fn give_code(
        &mut self,
        issued: &mut Issued,
        appid: &AppId,
        person: PersonId,
        profile: bool,
        now: SystemTime,
    ) -> Option<String> {
        self.forget(now);
        if self.codes.len() >= GRANTS_MAX {
            return None;
        }
        let code = format!("0{}", random::alphanumeric(31));
        issued.note(&code);
        let grant = Grant {
            appid: appid.clone(),
            person,
            profile,
            end: now + CODE_LIFE,
        };
        let given = Code { grant, used: false };
        self.codes.insert(code.clone(), given);
        Some(code)
    }
}
