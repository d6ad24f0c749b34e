//! Customer-service messages, and what users receive.

mod chat;
mod content;
mod send;
mod window;

pub(super) use self::chat::Chats;
pub(super) use self::window::Trigger;
