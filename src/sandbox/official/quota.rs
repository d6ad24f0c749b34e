//! Quotas, and the memory of refused calls.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use ::http::Request;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, done, unix};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::Sandbox;
use crate::sandbox::platform::Query;
use crate::sandbox::refusal::Refused;
use crate::sandbox::state::State;

/// How often each call may be made a day.
const DAILY: u64 = 100_000;
const CLEARINGS: u64 = 10;
/// How many refused calls are remembered, and for how long.
const REMEMBERED_MAX: usize = 1_000;
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);
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
    refused: VecDeque<Remembered>,
}

#[derive(Debug)]
struct Remembered {
    rid: String,
    token_of: Option<AppId>,
    at: SystemTime,
    document: Value,
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

    /// Remembers a refused call.
    pub(super) fn remember(
        &mut self,
        rid: &str,
        request: &Request<Bytes>,
        query: &Query,
        answer: &Value,
        now: SystemTime,
    ) {
        // The names only: the values hold the token.
        let names: Vec<String> = query.names().map(|name| format!("{name}=…")).collect();
        let document = json!({
            "invoke_time": unix(now),
            "cost_in_ms": 1,
            "request_url": format!("{}?{}", request.uri().path(), names.join("&")),
            "request_body": String::from_utf8_lossy(request.body()),
            "response_body": answer.to_string(),
            "client_ip": "203.0.113.7",
        });
        let token_of = self.tokens.check(query.get("access_token"), now).ok();
        let refused = &mut self.official.quotas.refused;
        if refused.len() == REMEMBERED_MAX {
            refused.pop_front();
        }
        refused.push_back(Remembered {
            rid: rid.to_owned(),
            token_of,
            at: now,
            document,
        });
    }

    /// `POST /cgi-bin/openapi/rid/get`
    pub(super) fn remembered(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            rid: String,
        }

        let body: Body = call.json()?;
        let parts = || body.rid.split('-');
        let hex = |part: &str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_hexdigit());
        if parts().count() != 3 || !parts().all(hex) {
            return Err(Refused::new(76002, "invalid rid"));
        }
        let mut refused = self.official.quotas.refused.iter();
        let found = refused.find(|refused| refused.rid == body.rid);
        let found = found.ok_or_else(|| Refused::new(76001, "rid not found"))?;
        if found.token_of.as_ref() != Some(&call.appid) {
            return Err(Refused::new(76003, "rid is not belong to this account"));
        }
        if call.now.duration_since(found.at).unwrap_or_default() > REMEMBERED {
            return Err(Refused::new(76004, "rid expired"));
        }
        Ok(json!({ "errcode": 0, "errmsg": "ok", "request": found.document }))
    }

    /// `POST /cgi-bin/callback/check`
    pub(super) fn check_callback(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            action: String,
            #[serde(default)]
            check_operator: String,
        }

        let body: Body = call.json()?;
        if !["dns", "ping", "all"].contains(&body.action.as_str()) {
            return Err(Refused::new(40202, "invalid action"));
        }
        let operators = ["CHINANET", "UNICOM", "CAP", "DEFAULT"];
        if !operators.contains(&body.check_operator.as_str()) {
            return Err(Refused::new(40203, "invalid check_operator"));
        }
        let account = self.account(call.appid.as_str());
        if account.is_none_or(|account| account.callback_url.is_empty()) {
            return Err(Refused::new(40201, "invalid url"));
        }
        let mut answer = json!({});
        let Some(fields) = answer.as_object_mut() else {
            return Ok(answer);
        };
        if body.action != "ping" {
            let dns = json!([{ "ip": "127.0.0.1", "real_operator": "DEFAULT" }]);
            fields.insert("dns".to_owned(), dns);
        }
        if body.action != "dns" {
            let ping = json!([{
                "ip": "127.0.0.1",
                "from_operator": body.check_operator,
                "package_loss": "0%",
                "time": "0.079ms",
            }]);
            fields.insert("ping".to_owned(), ping);
        }
        Ok(answer)
    }
}
