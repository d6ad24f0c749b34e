//! The life of the tickets that sign pages and cards.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::platform::Query;
use super::random;
use super::refusal::Outcome;
use super::state::State;
use crate::app::AppId;
use crate::error::ErrCode;

const LIFE: Duration = Duration::from_secs(7200);

/// The newest ticket of each app and type, and when it ends.
#[derive(Debug, Default)]
pub(super) struct Tickets(HashMap<(AppId, &'static str), (String, SystemTime)>);

impl State {
    /// `GET /cgi-bin/ticket/getticket`: the same ticket until its last five minutes.
    pub(super) fn ticket(&mut self, query: &Query, now: SystemTime) -> Outcome {
        let appid = self.tokens.check(query.get("access_token"), now)?;
        let kind = match query.get("type") {
            Some("jsapi") => "jsapi",
            Some("wx_card") => "wx_card",
            _ => return Err(ErrCode::INVALID_ARGS),
        };
        let key = (appid, kind);
        // After the clock was set back more is left than a ticket ever has.
        let left = |end: SystemTime| end.duration_since(now).unwrap_or_default().min(LIFE);
        let current = self.tickets.0.get(&key).cloned();
        let current = current.filter(|(_, end)| left(*end) > Duration::from_secs(300));
        let (ticket, end) = current.unwrap_or_else(|| (random::text(86), now + LIFE));
        self.issued.note(&ticket);
        self.tickets.0.insert(key, (ticket.clone(), end));
        let expires_in = left(end).as_secs();
        Ok(json!({ "errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": expires_in }))
    }
}
