//! Daily quotas of calls.

use std::collections::HashMap;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::json;

use crate::app::AppId;
use crate::clock::unix;
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::{Call, OpenCall};
use crate::sandbox::directory::Directory;
use crate::sandbox::refusal::Refused;

/// The default daily limit of each call.
const DAILY: u64 = 100_000;
/// How often an app may clear its quotas a month.
const CLEARINGS: u64 = 10;
/// Days start at midnight in China, UTC+8.
const CHINA: u64 = 8 * 3600;
const DAY: u64 = 24 * 3600;

#[derive(Debug, Default)]
pub(in crate::sandbox) struct Quotas {
    day: u64,
    month: u64,
    used: HashMap<(AppId, String), u64>,
    limits: HashMap<String, u64>,
    clearings: HashMap<AppId, u64>,
}

impl Quotas {
    /// Resets the counters when a new day or month starts.
    fn roll(&mut self, now: SystemTime) {
        let day = (unix(now) + CHINA) / DAY;
        if self.day != day {
            self.day = day;
            self.used.clear();
        }
        // Months have thirty days in the sandbox.
        if self.month != day / 30 {
            self.month = day / 30;
            self.clearings.clear();
        }
    }

    fn limit(&self, path: &str) -> u64 {
        self.limits.get(path).copied().unwrap_or(DAILY)
    }

    /// Counts a call. Refuses it if the daily limit is reached.
    pub(in crate::sandbox) fn count(&mut self, call: &Call<'_>) -> Result<(), ErrCode> {
        let (appid, path) = (&call.appid, call.path);
        self.roll(call.now);
        let limit = self.limit(path);
        let used = self.used.entry((appid.clone(), path.to_owned()));
        let used = used.or_default();
        // Calls about quotas are unlimited. Otherwise an app could not clear an exhausted quota.
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

    /// Sets how often each app may call a path a day.
    pub(in crate::sandbox) fn set_limit(&mut self, path: &str, calls: u64) {
        self.limits.insert(path.to_owned(), calls);
    }

    /// `POST /cgi-bin/openapi/quota/get`
    pub(in crate::sandbox) fn get(&self, call: &Call<'_>) -> Answer {
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
        let limit = self.limit(&path);
        let used = self.used.get(&(call.appid.clone(), path)).copied();
        let used = used.unwrap_or_default();
        let remain = limit.saturating_sub(used);
        Ok(json!({
            "errcode": 0,
            "errmsg": "ok",
            // Calls about quotas are unlimited, so `used` can exceed the limit.
            "quota": { "daily_limit": limit.max(used), "used": used, "remain": remain },
        }))
    }

    /// `POST /cgi-bin/clear_quota`
    pub(in crate::sandbox) fn clear_own(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            appid: String,
        }

        let body: Body = call.json()?;
        if body.appid != call.appid.as_str() {
            return Err(ErrCode::INVALID_APPID.into());
        }
        self.clear(&call.appid, call.now)
    }

    /// `POST /cgi-bin/clear_quota/v2`
    pub(in crate::sandbox) fn clear_by_secret(
        &mut self,
        directory: &Directory,
        call: &OpenCall<'_>,
    ) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            appid: Option<String>,
            appsecret: Option<String>,
        }

        let body: Body = call.json_or_malformed()?;
        let appid = directory.check_secret(body.appid.as_deref(), body.appsecret.as_deref())?;
        self.clear(&appid, call.now)
    }
}
