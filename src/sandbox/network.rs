//! The platform's addresses.

use std::time::SystemTime;

use serde_json::json;

use super::platform::Query;
use super::refusal::Outcome;
use super::state::State;

impl State {
    /// `GET /cgi-bin/getcallbackip` and `GET /cgi-bin/get_api_domain_ip`
    pub(super) fn addresses(&self, query: &Query, now: SystemTime) -> Outcome {
        self.tokens.check(query.get("access_token"), now)?;
        Ok(json!({ "ip_list": ["127.0.0.1", "127.0.0.0/8"] }))
    }
}
