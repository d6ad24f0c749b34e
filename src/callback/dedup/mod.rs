//! Deduplicates retried pushes (消息排重), so that each message is handled once.
//!
//! The platform retries a push that is not answered with HTTP 200 within five seconds. It sends a
//! push at most three times. [`Dedup`] wraps a handler and merges these pushes into one *run*:
//!
//! | the push is | action |
//! |---|---|
//! | new | starts a run |
//! | running | joins the run and gets its reply |
//! | finished | gets the same reply again |
//! | failed, or its handler panicked | starts a new run |
//!
//! When a run fails, the pushes that joined it get an error, so that the platform retries them.
//!
//! Apply the layer outside of everything that must happen once. Code outside of it, or beside it in
//! the same handler, is called for every push. It is also called for identical copies, which
//! [`Callback`](crate::Callback) would not pass to a handler without `Dedup`.
//!
//! A run continues when the connection of its push is closed: the rest of it is spawned as a task.
//!
//! # Which pushes are the same
//! Messages are identified by the app, the user and the `MsgId`, which is not unique by itself.
//! Events have no `MsgId` and are identified by the app and the whole document after decryption.
//! The platform encrypts a retried push anew, but its document is the same. Two events of one user
//! in the same second are distinct if they differ in any field, such as a scene or a trace id.
//!
//! # Several instances
//! Without a store, each instance deduplicates for itself: a retry that reaches another instance
//! runs the handler again. With [`DedupLayer::store`], or
//! [`WechatBuilder::shared`](crate::WechatBuilder::shared) for the routes, the instances run a push
//! once:
//!
//! | the push is | action |
//! |---|---|
//! | known to this instance | as above; the store is not asked |
//! | new | starts a run, after one call of the store |
//! | running on another instance | waits for its reply, for up to 15 seconds |
//! | finished on another instance | gets the same reply again |
//! | running on an instance that died | starts a new run within four seconds |
//!
//! A run claims its push for four seconds, and renews the claim each second while the handler runs.
//! The platform's next push, five seconds later, therefore finds either the claim or the reply. A
//! handler that blocks its thread cannot renew: use `spawn_blocking` for such work.
//!
//! The end of a run is stored beside the answer, which does not wait for it. A push may run twice:
//!
//! - if its instance dies after the handler completed and before this is stored,
//! - if its instance is paused for longer than four seconds while the handler runs,
//! - if the store loses its data, or cannot be reached, while the push runs or before it is sent
//!   again: a message should rather run twice than be lost.
//!
//! A finished push is remembered for a quarter longer than its signature is accepted: for 25 minutes
//! with the default [`timestamp_window`](crate::Callback::timestamp_window), for longer with a wider
//! one, and for at most a day. A captured push that is played to another instance gets the same
//! answer, and is not run. A reply that asks the platform for a retry
//! ([`Reply::acknowledged`](crate::Reply::acknowledged) with a code other than 0) is only kept for
//! the [`window`](DedupLayer::window).
//!
//! In plaintext mode the signature does not cover the body, so the store also remembers each
//! signature with its body. With another body it is refused by every instance, as
//! [`Rejection::Replayed`](super::Rejection::Replayed). This check is part of the claim: it covers
//! what reaches the layer. A [`Callback`](crate::Callback) whose handler is not behind `Dedup` knows
//! only the signatures that its own instance has seen, and so does each instance for the signatures
//! that verified the URL, and for all while the store cannot be reached.
//!
//! # Limits
//! | limit | default | set by |
//! |---|---|---|
//! | how long a finished push is remembered | 60 s, at most 75 s | [`window`](DedupLayer::window) |
//! | finished pushes remembered | 100,000, in at most 2.3 MB | [`capacity`](DedupLayer::capacity) |
//! | replies kept to be sent again | the last 1024 that are not empty | fixed |
//! | running pushes of each app | 1024 | [`max_running`](DedupLayer::max_running) |
//! | pushes that join one run | 8 | fixed |
//! | time to wait for a call of the store | 500 ms | fixed |
//!
//! A new push beyond `max_running`, or beyond the pushes that may join a run, fails at once with
//! [`Overloaded`](super::Overloaded), which is answered with 503.

mod error;
mod key;
mod layer;
mod memory;
mod push_key;
mod replies;
mod service;
mod store;

#[cfg(feature = "inbox")]
pub(in crate::callback) use self::error::RunFailed;
pub use self::key::DedupKey;
pub use self::layer::DedupLayer;
pub use self::push_key::{PushKey, UnsignedBody};
pub use self::service::{Dedup, DedupFuture};
pub(in crate::callback) use self::store::PATIENCE;
pub(crate) use self::store::SharedStore;
pub use self::store::{Claimed, DedupStore, MemoryDedupStore};
