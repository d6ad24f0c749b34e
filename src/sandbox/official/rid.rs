//! Refused calls, looked up by rid.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::AppId;
use crate::clock::unix;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::{Call, OpenCall};
use crate::sandbox::refusal::Refused;

/// The maximum number of remembered calls, and how long they can be looked up.
const REMEMBERED_MAX: usize = 1_000;
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Debug, Default)]
pub(in crate::sandbox) struct RefusedCalls(VecDeque<Remembered>);

#[derive(Debug)]
struct Remembered {
    rid: String,
    token_of: Option<AppId>,
    at: SystemTime,
    document: Value,
}

impl RefusedCalls {
    /// Remembers a refused call and the app that its token belongs to.
    pub(in crate::sandbox) fn remember(
        &mut self,
        rid: &str,
        token_of: Option<AppId>,
        call: &OpenCall<'_>,
        answer: &Value,
    ) {
        // Parameter names only: the values include the access token.
        let names: Vec<String> = call.query.names().map(|name| format!("{name}=…")).collect();
        let document = json!({
            "invoke_time": unix(call.now),
            "cost_in_ms": 1,
            "request_url": format!("{}?{}", call.path, names.join("&")),
            "request_body": String::from_utf8_lossy(call.body),
            "response_body": answer.to_string(),
            "client_ip": "203.0.113.7",
        });
        if self.0.len() == REMEMBERED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Remembered {
            rid: rid.to_owned(),
            token_of,
            at: call.now,
            document,
        });
    }

    /// `POST /cgi-bin/openapi/rid/get`
    pub(in crate::sandbox) fn get(&self, call: &Call<'_>) -> Answer {
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
        let mut refused = self.0.iter();
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
