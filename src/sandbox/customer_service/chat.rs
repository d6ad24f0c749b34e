//! Conversations between users and apps.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::window::{Trigger, Windows};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::call::Call;
use crate::sandbox::directory::PersonId;

/// How long after a message an account may show the typing indicator.
const TYPING_WINDOW: Duration = Duration::from_secs(30);

/// How long the user sees the typing indicator.
const TYPING: Duration = Duration::from_secs(15);

/// The maximum number of messages kept per conversation.
const RECEIVED_MAX: usize = 1000;

/// The conversations, by app and user.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Chats(HashMap<(AppId, PersonId), Chat>);

impl Chats {
    pub(in crate::sandbox) fn of(&mut self, appid: &AppId, person: PersonId) -> &mut Chat {
        self.0.entry((appid.clone(), person)).or_default()
    }

    /// Keeps the template or subscribe message of a call for the user, unchanged.
    pub(in crate::sandbox) fn show(&mut self, call: &Call<'_>, person: PersonId) {
        if let Ok(message) = call.json() {
            self.of(&call.appid, person).keep(message);
        }
    }
}

/// A conversation between a user and an app.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Chat {
    /// When the user last interacted. `None` if the user has unfollowed since.
    touched: Option<SystemTime>,
    windows: Windows,
    /// When the account sent its last message.
    answered: Option<SystemTime>,
    /// When the typing indicator was last shown.
    typing: Option<SystemTime>,
    received: VecDeque<Value>,
}

impl Chat {
    /// Records an interaction of the user, which opens a window for messages.
    pub(in crate::sandbox) fn touch(&mut self, trigger: Trigger, now: SystemTime) {
        self.touched = Some(now);
        self.windows.open(trigger, now);
    }

    /// Closes the conversation of a user who unfollows. Received messages are kept.
    pub(in crate::sandbox) fn leave(&mut self) {
        *self = Self {
            received: std::mem::take(&mut self.received),
            ..Self::default()
        };
    }

    pub(in crate::sandbox) fn received(&self) -> Vec<Value> {
        self.received.iter().cloned().collect()
    }

    /// Returns whether the user sees the typing indicator.
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

    /// Keeps a message for the user.
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
