//! The tickets that sign web pages and cards.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::answer::Answer;
use super::call::Call;
use super::issued::Issued;
use super::random;
use crate::app::AppId;
use crate::error::ErrCode;

const LIFE: Duration = Duration::from_secs(7200);

/// The current ticket of each app and type, with its expiry.
#[derive(Debug, Default)]
pub(super) struct Tickets(HashMap<(AppId, &'static str), (String, SystemTime)>);

impl Tickets {
    /// `GET /cgi-bin/ticket/getticket`: returns the same ticket until its last five minutes.
    pub(super) fn get(&mut self, issued: &mut Issued, call: &Call<'_>) -> Answer {
        let (appid, now) = (call.appid.clone(), call.now);
        let kind = match call.query.get("type") {
            Some("jsapi") => "jsapi",
            Some("wx_card") => "wx_card",
            _ => return Err(ErrCode::INVALID_ARGS.into()),
        };
        let key = (appid, kind);
        // Capped: if the clock was set back, more time is left than a ticket's lifetime.
        let left = |end: SystemTime| end.duration_since(now).unwrap_or_default().min(LIFE);
        let current = self.0.get(&key).cloned();
        let current = current.filter(|(_, end)| left(*end) > Duration::from_secs(300));
        let (ticket, end) = current.unwrap_or_else(|| (random::alphanumeric(86), now + LIFE));
        issued.note(&ticket);
        self.0.insert(key, (ticket.clone(), end));
        let expires_in = left(end).as_secs();
        Ok(json!({ "errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": expires_in }))
    }
}
