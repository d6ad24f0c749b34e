//! The industries of accounts.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::json;

use crate::app::AppId;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::Call;
use crate::sandbox::refusal::Refused;

/// The minimum time between two changes of an account's industries.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// The two industries of each account, and when they were set.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Industries(HashMap<AppId, (String, String, SystemTime)>);

impl Industries {
    /// `POST /cgi-bin/template/api_set_industry`: allowed once a month.
    pub(in crate::sandbox) fn set(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            industry_id1: String,
            industry_id2: String,
        }

        let body: Body = call.json()?;
        let last = self.0.get(&call.appid).map(|(_, _, at)| *at);
        let too_soon = |at| call.now.duration_since(at).unwrap_or_default() < MONTH;
        if last.is_some_and(too_soon) {
            return Err(Refused::new(43100, "change template too frequently"));
        }
        let chosen = (body.industry_id1, body.industry_id2, call.now);
        self.0.insert(call.appid.clone(), chosen);
        done()
    }

    /// `GET /cgi-bin/template/get_industry`
    pub(in crate::sandbox) fn get(&self, call: &Call<'_>) -> Answer {
        let chosen = self.0.get(&call.appid);
        let (first, second) = chosen.map_or(("1", "2"), |(first, second, _)| (first, second));
        let named = |id: &str| json!({ "first_class": "行业", "second_class": id });
        Ok(json!({ "primary_industry": named(first), "secondary_industry": named(second) }))
    }
}
