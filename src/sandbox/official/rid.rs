//! The memory of refused calls.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use ::http::Request;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, unix};
use crate::app::AppId;
use crate::sandbox::platform::Query;
use crate::sandbox::refusal::Refused;
use crate::sandbox::state::State;

/// How many refused calls are remembered, and for how long.
const REMEMBERED_MAX: usize = 1_000;
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Debug, Default)]
pub(super) struct RefusedCalls(VecDeque<Remembered>);

#[derive(Debug)]
struct Remembered {
    rid: String,
    token_of: Option<AppId>,
    at: SystemTime,
    document: Value,
}

impl State {
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
        let refused = &mut self.official.refused.0;
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
        let mut refused = self.official.refused.0.iter();
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
}
