//! Bounds the response time of a handler. The platform waits five seconds for an answer.
//!
//! [`Deadline`] wraps a handler and answers for it when it is late. The deadline does not cancel
//! the handler: the rest of it is spawned as a task. Its reply is passed to a late-reply hook,
//! [`DeadlineLayer::late`]. There are two policies:
//!
//! - [`ack`](DeadlineLayer::ack): answers `success` after 4.5 seconds. The platform does not retry.
//!   The user gets the reply through the hook, for example as a customer-service message:
//!   [`CustomerService`].
//! - [`hold`](DeadlineLayer::hold): answers `success` after 14 seconds. The platform times out and
//!   retries the push, which joins the running handler if a [`Dedup`](super::dedup::Dedup) is
//!   applied outside. The user then gets the reply of a handler of up to 14 seconds as the answer
//!   to the second or third push.
//!
//! Until then the user sees nothing, or a [`placeholder`](DeadlineLayer::placeholder) from the
//! application. Where customer-service messages are not allowed, a late reply can be kept until the
//! user writes again: [`DeadlineLayer::pick_up`].
//!
//! If a handler fails before the deadline, its push fails and the platform retries it. A later
//! failure is logged as an error: the platform has its answer and does not retry. With an
//! inbox (feature `inbox`), the message is stored before it is answered, so
//! that it is tried again, also after a crash.
//!
//! # Limits
//! At most 1024 handlers of each app run at once, including late ones; [`HandlerTracker`] changes
//! this limit. A message beyond it fails at once with [`Overloaded`](super::Overloaded), which is
//! answered with 503.
//!
//! A handler that runs longer than [`max_life`](DeadlineLayer::max_life) is dropped, logged and
//! counted, so that handlers that hang do not exhaust the limit. `max_life` defaults to ten
//! minutes.
//!
//! # Shutdown
//! [`HandlerTracker`] counts the running handlers and waits for them.

mod customer_service;
mod future;
mod handlers;
mod layer;
pub mod pick_up;
mod service;
mod spill;
mod working;

pub use self::customer_service::{CustomerService, CustomerServiceOr};
pub use self::future::DeadlineFuture;
#[cfg(feature = "inbox")]
pub(in crate::callback) use self::handlers::Entered;
pub use self::handlers::HandlerTracker;
pub use self::layer::DeadlineLayer;
#[cfg(feature = "inbox")]
pub(in crate::callback) use self::layer::{LateHook, MAX_LIFE};
pub use self::service::Deadline;

use crate::callback::{Message, Reply};

/// The reply of a handler whose push was already answered with `success`.
///
/// The reply is never empty: the hook is not called for [`Reply::none`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LateReply {
    /// The message that the reply answers.
    pub message: Message,
    /// The reply.
    pub reply: Reply,
}

impl LateReply {
    /// Creates a late reply, to test a hook.
    pub fn new(message: Message, reply: Reply) -> Self {
        Self { message, reply }
    }
}
