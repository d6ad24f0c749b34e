//! Quotas of calls.

use std::collections::HashMap;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, done, unix};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::Sandbox;
use crate::sandbox::refusal::Refused;
use crate::sandbox::state::State;

/// How often each call may be made a day.
const DAILY: u64 = 100_000;
const CLEARINGS: u64 = 10;
/// China time is eight hours ahead.
const CHINA: u64 = 8 * 3600;
const DAY: u64 = 24 * 3600;

#[derive(Debug, Default)]
pub(super) struct Quotas {
    day: u64,
    month: u64,
    used: HashMap<(AppId, String), u64>,
    limits: HashMap<String, u64>,
    clearings: HashMap<AppId, u64>,
}

impl Quotas {
    /// Forgets what was counted before today.
    fn roll(&mut self, now: SystemTime) {
        let day = (unix(now) + CHINA) / DAY;
        if self.day != day {
            self.day = day;
            self.used.clear();
        }
        // A month of the sandbox has thirty days.
        if self.month != day / 30 {
            self.month = day / 30;
            self.clearings.clear();
        }
    }

    fn limit(&self, path: &str) -> u64 {
        self.limits.get(path).copied().unwrap_or(DAILY)
    }

    /// Counts a call.
    pub(super) fn count(
        &mut self,
        appid: &AppId,
        path: &str,
        now: SystemTime,
    ) -> Result<(), ErrCode> {
        self.roll(now);
        let limit = self.limit(path);
        let used = self.used.entry((appid.clone(), path.to_owned()));
        let used = used.or_default();
        // The calls about quotas have none: they are the way out.
        if *used >= limit && !path.contains("quota") {
            return Err(ErrCode::DAILY_QUOTA_REACHED);
        }
        *used += 1;
        Ok(())
    }

    fn clear(&mut self, appid: &AppId, now: SystemTime) -> Answer {
        self.roll(now);
        let clearings = self.clearings.entry(appid.clone()).or_default();
        if *clearings >= CLEARINGS {
            return Err(ErrCode::CLEARINGS_EXHAUSTED.into());
        }
        *clearings += 1;
        self.used.retain(|(of, _), _| of != appid);
        done()
    }
}

impl Sandbox {
    /// Lets each app make the call of `path` so often a day; 100,000 times if not called. More are
    /// refused with 45009 until midnight, China time, or until the quota is cleared. It holds for
    /// the calls of official accounts.
    pub fn set_daily_quota(&self, path: &str, calls: u64) {
        let mut state = self.state();
        state.official.quotas.limits.insert(path.to_owned(), calls);
    }
}

impl State {
    /// `POST /cgi-bin/openapi/quota/get`
    pub(super) fn quota(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            cgi_path: String,
        }

        let body: Body = call.json()?;
        let path = body.cgi_path;
        let known = ["/cgi-bin/", "/wxa/", "/sns/", "/datacube/"];
        if !known.iter().any(|known| path.starts_with(known)) {
            return Err(Refused::new(76021, "cgi_path not found, please check"));
        }
        let quotas = &self.official.quotas;
        let limit = quotas.limit(&path);
        let used = quotas.used.get(&(call.appid.clone(), path)).copied();
        let used = used.unwrap_or_default();
        let remain = limit.saturating_sub(used);
        Ok(json!({
            "errcode": 0,
            "errmsg": "ok",
            "quota": { "daily_limit": limit.max(used), "used": used, "remain": remain },
        }))
    }

    /// `POST /cgi-bin/clear_quota`
    pub(super) fn clear_quota(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            appid: String,
        }

        let body: Body = call.json()?;
        if body.appid != call.appid.as_str() {
            return Err(ErrCode::INVALID_APPID.into());
        }
        self.official.quotas.clear(&call.appid, call.now)
    }

    /// `POST /cgi-bin/clear_quota/v2`
    pub(super) fn clear_quota_by_secret(&mut self, body: &[u8], now: SystemTime) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            appid: Option<String>,
            appsecret: Option<String>,
        }

        let body: Body = serde_json::from_slice(body).map_err(|_| ErrCode::MALFORMED_BODY)?;
        let appid = self.check_secret(body.appid.as_deref(), body.appsecret.as_deref())?;
        self.official.quotas.clear(&appid, now)
    }
}
