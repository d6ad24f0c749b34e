//! `POST /cgi-bin/message/custom/send`, and what users receive by it.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::platform::Query;
use super::refusal::Outcome;
use super::state::State;
use crate::error::ErrCode;

/// How long after the user was in touch an account may write.
const WINDOW: Duration = Duration::from_secs(48 * 3600);

/// How many messages it may send in that time.
const MESSAGES_MAX: u32 = 5;

/// How many messages are kept for a user to read.
const RECEIVED_MAX: usize = 1000;

/// What is between a user and an app.
#[derive(Debug, Clone, Default)]
pub(super) struct Chat {
    /// When the user was in touch last; never, if the user has left.
    touched: Option<SystemTime>,
    /// The messages since.
    sent: u32,
    received: VecDeque<Value>,
}

impl Chat {
    /// The user was in touch, or left.
    pub(super) fn touch(&mut self, now: SystemTime, left: bool) {
        self.touched = (!left).then_some(now);
        self.sent = 0;
    }

    pub(super) fn received(&self) -> Vec<Value> {
        self.received.iter().cloned().collect()
    }

    fn receive(&mut self, message: Value, now: SystemTime) -> Result<(), ErrCode> {
        let in_touch = |touched| now.duration_since(touched).unwrap_or_default() < WINDOW;
        if !self.touched.is_some_and(in_touch) {
            return Err(ErrCode::RESPONSE_WINDOW_CLOSED);
        }
        if self.sent >= MESSAGES_MAX {
            return Err(ErrCode::RESPONSES_USED_UP);
        }
        self.sent += 1;
        if self.received.len() == RECEIVED_MAX {
            self.received.pop_front();
        }
        self.received.push_back(message);
        Ok(())
    }
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    touser: String,
    #[serde(default)]
    msgtype: String,
    #[serde(flatten)]
    content: Map<String, Value>,
}

impl State {
    pub(super) fn send_customer_service(
        &mut self,
        query: &Query,
        body: &[u8],
        now: SystemTime,
    ) -> Outcome {
        let appid = self.tokens.check(query.get("access_token"), now)?;
        let message: Value = serde_json::from_slice(body).map_err(|_| ErrCode::MALFORMED_BODY)?;
        let body = Body::deserialize(&message).map_err(|_| ErrCode::MALFORMED_BODY)?;
        let content = body.content.get(&body.msgtype);
        match body.msgtype.as_str() {
            "text" | "image" | "voice" | "video" | "music" | "news" => {}
            _ => return Err(ErrCode::INVALID_MESSAGE_TYPE),
        }
        let content = content.ok_or(ErrCode::MALFORMED_BODY)?;
        let articles = content.get("articles").and_then(Value::as_array);
        if body.msgtype == "news" && articles.is_none_or(|articles| articles.len() != 1) {
            return Err(ErrCode::TOO_MANY_ARTICLES);
        }
        let chat = self.chat(&appid, &body.touser);
        chat.ok_or(ErrCode::INVALID_OPENID)?.receive(message, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    }
}
