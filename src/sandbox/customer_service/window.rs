//! The limits on customer-service messages: how many, after which trigger and for how long.

use std::time::{Duration, SystemTime};

use crate::error::ErrCode;

/// A user action that lets an account send messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Trigger {
    /// The user sends a message.
    Message,
    /// The user follows the account, scans its code or taps its menu.
    Tap,
    /// The user enters the customer service of a mini-program.
    Session,
}

impl Trigger {
    /// Returns how many messages the trigger allows, and for how long.
    const fn grants(self) -> (u32, Duration) {
        match self {
            Self::Message => (5, Duration::from_secs(48 * 3600)),
            Self::Tap => (3, Duration::from_secs(60)),
            Self::Session => (2, Duration::from_secs(60)),
        }
    }
}

/// The number of remaining messages and the time until which they may be sent.
#[derive(Debug, Clone, Copy)]
struct Window {
    left: u32,
    end: SystemTime,
}

/// The open windows: one of the last message, one of the last other trigger.
#[derive(Debug, Clone, Default)]
pub(super) struct Windows {
    message: Option<Window>,
    minute: Option<Window>,
}

impl Windows {
    /// Opens a window. Replaces the previous one of the same length.
    pub(super) fn open(&mut self, trigger: Trigger, now: SystemTime) {
        let (left, life) = trigger.grants();
        let window = match trigger {
            Trigger::Message => &mut self.message,
            Trigger::Tap | Trigger::Session => &mut self.minute,
        };
        let end = now + life;
        *window = Some(Window { left, end });
    }

    pub(super) fn check(&self, now: SystemTime) -> Result<(), ErrCode> {
        let mut windows = [self.minute, self.message].into_iter().flatten();
        let is_open = windows.any(|window| window.end > now);
        is_open.then_some(()).ok_or(ErrCode::RESPONSE_WINDOW_CLOSED)
    }

    /// Uses up one message of the window that closes first.
    pub(super) fn take(&mut self, now: SystemTime) -> Result<(), ErrCode> {
        self.check(now)?;
        let windows = [&mut self.minute, &mut self.message].into_iter().flatten();
        let mut usable = windows.filter(|window| window.end > now && window.left > 0);
        let window = usable.next().ok_or(ErrCode::RESPONSES_USED_UP)?;
        window.left -= 1;
        Ok(())
    }
}
