//! The platform waits five seconds for an answer; a handler may take longer.
//!
//! [`Deadline`] stands in front of a handler and answers in its place when it is late. The handler
//! is not cancelled by the deadline: the rest of it becomes a task of its own, and what it replies in
//! the end goes to a late-reply hook, [`DeadlineLayer::late`]. The two policies are
//!
//! - [`ack`](DeadlineLayer::ack): answer `success` after 4.5 seconds. The platform is content with
//!   the first push. The user gets the reply by the hook, for example as a customer-service
//!   message: [`CustomerService`].
//! - [`hold`](DeadlineLayer::hold): answer `success` after 14 seconds. The platform gives up waiting
//!   and sends the push again, which joins the running handler if there is a
//!   [`Dedup`](super::dedup::Dedup) in front; so the user gets the reply of a handler of up to 14
//!   seconds as the answer to the second or the third push.
//!
//! Until then the user hears nothing, or a [`placeholder`](DeadlineLayer::placeholder) of the host's.
//! Where customer-service messages are not allowed, a late reply can wait until the user writes
//! again: [`DeadlineLayer::pick_up`].
//!
//! A handler that fails in time fails the push, so that the platform sends it again. One that fails
//! later is logged as an error: the platform has its answer, and will not.
//!
//! # Limits
//! At most 1024 handlers of each app run at once, late ones included, unless [`HandlerTracker`] says
//! otherwise. A message beyond them fails with [`Overloaded`](super::Overloaded), which is 503 at
//! once.
//!
//! A handler that runs for longer than [`max_life`](DeadlineLayer::max_life), ten minutes unless
//! set, is dropped, logged and counted, so that handlers that hang do not use up the limit.
//!
//! # Shutdown
//! [`HandlerTracker`] counts the handlers that run, and waits for them.

mod customer_service;
mod future;
mod handlers;
mod layer;
pub mod pick_up;
mod service;
mod working;

pub use self::customer_service::{CustomerService, CustomerServiceOr};
pub use self::future::DeadlineFuture;
pub use self::handlers::HandlerTracker;
pub use self::layer::DeadlineLayer;
pub use self::service::Deadline;

use crate::callback::{Message, Reply};

/// The reply of a handler whose push had been answered with `success` before.
///
/// It is never empty: a late [`Reply::none`] is of no use to anyone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LateReply {
    /// What it answers.
    pub message: Message,
    /// The reply.
    pub reply: Reply,
}

impl LateReply {
    /// A late reply, for tests of a hook.
    pub fn new(message: Message, reply: Reply) -> Self {
        Self { message, reply }
    }
}
