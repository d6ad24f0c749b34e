//! Customer-service messages and the messages that users received.

mod chat;
mod content;
mod send;
mod window;

pub(super) use self::chat::Chats;
pub(super) use self::window::Trigger;
