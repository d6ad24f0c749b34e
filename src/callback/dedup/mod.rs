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
//! # Limits
//! | limit | default | set by |
//! |---|---|---|
//! | how long a finished push is remembered | 60 s, at most 75 s | [`window`](DedupLayer::window) |
//! | finished pushes remembered | 100,000, in at most 2.3 MB | [`capacity`](DedupLayer::capacity) |
//! | replies kept to be sent again | the last 1024 that are not empty | fixed |
//! | running pushes of each app | 1024 | [`max_running`](DedupLayer::max_running) |
//! | pushes that join one run | 8 | fixed |
//!
//! A new push beyond `max_running`, or beyond the pushes that may join a run, fails at once with
//! [`Overloaded`](super::Overloaded), which is answered with 503.

mod error;
mod key;
mod layer;
mod memory;
mod service;
mod store;

pub use self::key::DedupKey;
pub use self::layer::DedupLayer;
pub use self::service::{Dedup, DedupFuture};
pub(in crate::callback) use self::store::PATIENCE;
pub use self::store::{Claimed, DedupStore};
pub use crate::owner::ClaimOwner as DedupOwner;
