//! `POST /cgi-bin/message/custom/send` and `typing`, and what users receive by them.

mod content;
mod window;

pub(super) use self::window::Trigger;

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::window::Windows;
use super::platform::Query;
use super::refusal::Outcome;
use super::state::State;
use crate::error::ErrCode;

/// How long after a message an account may show that it is typing.
const TYPING_WINDOW: Duration = Duration::from_secs(30);

/// How long the user sees that it is.
const TYPING: Duration = Duration::from_secs(15);

/// How many messages are kept for a user to read.
const RECEIVED_MAX: usize = 1000;

/// What is between a user and an app.
#[derive(Debug, Clone, Default)]
pub(super) struct Chat {
    /// When the user was in touch last; never, if the user has left.
    touched: Option<SystemTime>,
    windows: Windows,
    /// When the account sent its last message.
    answered: Option<SystemTime>,
    /// When the user was shown that the account is typing.
    typing: Option<SystemTime>,
    received: VecDeque<Value>,
}

impl Chat {
    /// The user was in touch.
    pub(super) fn touch(&mut self, trigger: Trigger, now: SystemTime) {
        self.touched = Some(now);
        self.windows.open(trigger, now);
    }

    /// The user left, and keeps what was received.
    pub(super) fn leave(&mut self) {
        *self = Self {
            received: std::mem::take(&mut self.received),
            ..Self::default()
        };
    }

    pub(super) fn received(&self) -> Vec<Value> {
        self.received.iter().cloned().collect()
    }

    /// Whether the user sees that the account is typing.
    pub(super) fn sees_typing(&self, now: SystemTime) -> bool {
        is_within(TYPING, self.typing, now)
    }

    fn receive(&mut self, message: Value, now: SystemTime) -> Result<(), ErrCode> {
        self.windows.take(now)?;
        self.answered = Some(now);
        self.typing = None;
        self.keep(message);
        Ok(())
    }

    /// Keeps a message of any kind for the user to read.
    pub(super) fn keep(&mut self, message: Value) {
        if self.received.len() == RECEIVED_MAX {
            self.received.pop_front();
        }
        self.received.push_back(message);
    }

    fn show_typing(&mut self, now: SystemTime) -> Result<(), ErrCode> {
        self.windows.check(now)?;
        let talks = [self.touched, self.answered];
        if !talks.iter().any(|at| is_within(TYPING_WINDOW, *at, now)) {
            return Err(ErrCode::NO_MESSAGE_LATELY);
        }
        if self.sees_typing(now) {
            return Err(ErrCode::ALREADY_TYPING);
        }
        self.typing = Some(now);
        Ok(())
    }
}

fn is_within(window: Duration, since: Option<SystemTime>, now: SystemTime) -> bool {
    since.is_some_and(|since| now.duration_since(since).unwrap_or_default() < window)
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

#[derive(Deserialize)]
struct Typing {
    #[serde(default)]
    touser: String,
    #[serde(default)]
    command: String,
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
        let has_media = |media_id: &str| self.media.has(&appid, media_id, now);
        content::check(&body.msgtype, content, has_media)?;
        self.check_msgtype(&appid, &body.msgtype)?;
        let chat = self.chat(&appid, &body.touser);
        chat.ok_or(ErrCode::INVALID_OPENID)?.receive(message, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    }

    pub(super) fn show_typing(&mut self, query: &Query, body: &[u8], now: SystemTime) -> Outcome {
        let appid = self.tokens.check(query.get("access_token"), now)?;
        let body: Typing = serde_json::from_slice(body).map_err(|_| ErrCode::MALFORMED_BODY)?;
        let chat = self.chat(&appid, &body.touser);
        let chat = chat.ok_or(ErrCode::INVALID_OPENID)?;
        match body.command.as_str() {
            "Typing" => chat.show_typing(now)?,
            "CancelTyping" => chat.typing = None,
            _ => return Err(ErrCode::INVALID_TYPING_COMMAND),
        }
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    }
}
