//! How a push went.

use crate::callback::Message;

/// How a push went.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// What came of each time it was sent, at most three.
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// Whether the app answered in the end. If not, the user who caused the push sees
    /// 该公众号提供的服务出现故障，请稍后再试.
    pub fn is_answered(&self) -> bool {
        matches!(
            self.attempts.last(),
            Some(Attempt::Success | Attempt::Reply(_))
        )
    }

    /// The reply that the user sees.
    pub fn reply(&self) -> Option<&Received> {
        match self.attempts.last() {
            Some(Attempt::Reply(reply)) => Some(reply),
            _ => None,
        }
    }
}

/// What came of sending a push once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Attempt {
    /// `success` or an empty body: the app has nothing to say.
    Success,
    /// A reply to the user, verified and decrypted.
    Reply(Received),
    /// No answer in time.
    Timeout,
    /// The app could not be reached, or the connection broke.
    Broken,
    /// Another HTTP status than 200.
    Status(u16),
    /// A body that is not a reply, or not one that this app may give.
    Invalid(&'static str),
}

/// A reply as the user's WeChat receives it.
#[derive(Debug, Clone)]
pub struct Received {
    message: Box<Message>,
    encrypted: bool,
}

impl Received {
    pub(super) fn new(message: Message, encrypted: bool) -> Self {
        Self {
            message: Box::new(message),
            encrypted,
        }
    }

    /// The text, of a text reply.
    pub fn text(&self) -> Option<&str> {
        self.message.field("Content")
    }

    /// The reply's document.
    pub fn document(&self) -> &Message {
        &self.message
    }

    /// Whether it came encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }
}
