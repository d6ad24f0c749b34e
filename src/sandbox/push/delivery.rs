//! The results of pushes.

use crate::callback::Message;

/// The result of a push.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// The attempts in order, at most three. Empty if nothing was pushed.
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// Returns whether the app answered the last attempt.
    ///
    /// If it did not, the user who caused the push sees 该公众号提供的服务出现故障，请稍后再试.
    pub fn is_answered(&self) -> bool {
        matches!(
            self.attempts.last(),
            Some(Attempt::Success | Attempt::Reply(_))
        )
    }

    /// Returns the reply that the user sees.
    pub fn reply(&self) -> Option<&Received> {
        match self.attempts.last() {
            Some(Attempt::Reply(reply)) => Some(reply),
            _ => None,
        }
    }
}

/// The result of one attempt.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Attempt {
    /// `success` or an empty body: the app sends no reply.
    Success,
    /// A reply to the user, verified and decrypted.
    Reply(Received),
    /// No answer within the [patience](crate::sandbox::Sandbox::patience).
    Timeout,
    /// The app was unreachable or the connection broke.
    Broken,
    /// An HTTP status other than 200.
    Status(u16),
    /// An invalid reply, or an invalid callback URL, with the reason.
    Invalid(&'static str),
}

/// A reply as the user's WeChat client receives it.
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

    /// Returns the text of a text reply.
    pub fn text(&self) -> Option<&str> {
        self.message.field("Content")
    }

    /// Returns the reply's document.
    pub fn document(&self) -> &Message {
        &self.message
    }

    /// Returns whether the reply was encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }
}
