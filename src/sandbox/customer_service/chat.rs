//! What is between users and apps.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::window::{Trigger, Windows};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::call::Call;
use crate::sandbox::directory::PersonId;

/// How long after a message an account may show that it is typing.
const TYPING_WINDOW: Duration = Duration::from_secs(30);

/// How long the user sees that it is.
const TYPING: Duration = Duration::from_secs(15);

/// How many messages are kept for a user to read.
const RECEIVED_MAX: usize = 1000;

/// What is between each user and each app.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Chats(HashMap<(AppId, PersonId), Chat>);

impl Chats {
    pub(in crate::sandbox) fn of(&mut self, appid: &AppId, person: PersonId) -> &mut Chat {
        self.0.entry((appid.clone(), person)).or_default()
    }

    /// Shows a user the template or subscribe message that a call sends, as it came.
    pub(in crate::sandbox) fn show(&mut self, call: &Call<'_>, person: PersonId) {
        if let Ok(message) = call.json() {
            self.of(&call.appid, person).keep(message);
        }
    }
}

/// What is between a user and an app.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Chat {
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
    pub(in crate::sandbox) fn touch(&mut self, trigger: Trigger, now: SystemTime) {
        self.touched = Some(now);
        self.windows.open(trigger, now);
    }

    /// The user left, and keeps what was received.
    pub(in crate::sandbox) fn leave(&mut self) {
        *self = Self {
            received: std::mem::take(&mut self.received),
            ..Self::default()
        };
    }

    pub(in crate::sandbox) fn received(&self) -> Vec<Value> {
        self.received.iter().cloned().collect()
    }

    /// Whether the user sees that the account is typing.
    pub(in crate::sandbox) fn sees_typing(&self, now: SystemTime) -> bool {
        is_within(TYPING, self.typing, now)
    }

    pub(super) fn receive(&mut self, message: Value, now: SystemTime) -> Result<(), ErrCode> {
        self.windows.take(now)?;
        self.answered = Some(now);
        self.typing = None;
        self.keep(message);
        Ok(())
    }

    /// Keeps a message of any kind for the user to read.
    fn keep(&mut self, message: Value) {
        if self.received.len() == RECEIVED_MAX {
            self.received.pop_front();
        }
        self.received.push_back(message);
    }

    pub(super) fn show_typing(&mut self, now: SystemTime) -> Result<(), ErrCode> {
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

    pub(super) fn stop_typing(&mut self) {
        self.typing = None;
    }
}

fn is_within(window: Duration, since: Option<SystemTime>, now: SystemTime) -> bool {
    since.is_some_and(|since| now.duration_since(since).unwrap_or_default() < window)
}
