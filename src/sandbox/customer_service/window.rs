//! How many messages an account may send, after what and for how long.

use std::time::{Duration, SystemTime};

use crate::error::ErrCode;

/// What a user does that lets an account write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Trigger {
    /// Writes to it.
    Message,
    /// Follows it, scans its code or taps its menu.
    Tap,
    /// Enters the customer service of a mini-program.
    Session,
}

impl Trigger {
    const fn grants(self) -> (u32, Duration) {
        match self {
            Self::Message => (5, Duration::from_secs(48 * 3600)),
            Self::Tap => (3, Duration::from_secs(60)),
            Self::Session => (2, Duration::from_secs(60)),
        }
    }
}

/// The messages that are left, until when.
#[derive(Debug, Clone, Copy)]
struct Window {
    left: u32,
    end: SystemTime,
}

/// What the user's last message, and the last of the other triggers, granted.
#[derive(Debug, Clone, Default)]
pub(super) struct Windows {
    message: Option<Window>,
    minute: Option<Window>,
}

impl Windows {
    /// A new window takes the place of the one before it of its length.
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

    /// Takes a message off what the window grants that closes first.
    pub(super) fn take(&mut self, now: SystemTime) -> Result<(), ErrCode> {
        self.check(now)?;
        let windows = [&mut self.minute, &mut self.message].into_iter().flatten();
        let mut usable = windows.filter(|window| window.end > now && window.left > 0);
        let window = usable.next().ok_or(ErrCode::RESPONSES_USED_UP)?;
        window.left -= 1;
        Ok(())
    }
}
