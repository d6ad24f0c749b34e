//! Every message is handled once (消息排重), however often the platform sends it.
//!
//! The platform sends a push again when it got no answer in five seconds or an answer other than
//! HTTP 200, three times in all. [`Dedup`] stands in front of a handler and makes one *run* of them:
//!
//! | the push | |
//! |---|---|
//! | is new | starts a run |
//! | is running | joins the run and gets the same reply |
//! | is finished | gets the same reply again |
//! | has failed, or the handler panicked | starts a new run; whoever had joined gets an error, so that the platform sends it again |
//!
//! Put it in front of all that is to happen once. What stands in front of it, or beside it in the same
//! handler, is called for every push, also for copies of one that a [`Callback`](crate::Callback)
//! would refuse to hand on to a handler without it.
//!
//! A run does not end when the connection that brought the push does: the rest of it becomes a task
//! of its own.
//!
//! # Which pushes are the same
//! Messages of a user, by the app, the user and the `MsgId`, which is not unique by itself. Events,
//! which have no `MsgId`, by the app and the whole document after decryption: the platform encrypts
//! a push anew when it sends it again, but the document stays. Two events of one user in the same
//! second are two as long as they differ in anything at all, such as a scene or a trace id.
//!
//! # Limits
//! | | unless set | |
//! |---|---|---|
//! | how long a finished push is remembered | 60 s, at most 75 s | [`window`](DedupLayer::window) |
//! | how many of them | the last 100,000, in 2.3 MB at most | [`capacity`](DedupLayer::capacity) |
//! | replies that are kept to be given again | of the last 1024 that have one | |
//! | pushes that run | 1024 of each app: a new one beyond them fails with [`Overloaded`](super::Overloaded), which is 503 at once | [`max_running`](DedupLayer::max_running) |
//! | pushes that join one run | 8 | |

mod error;
mod key;
mod layer;
mod memory;
mod owner;
mod service;
mod store;

pub use self::key::DedupKey;
pub use self::layer::DedupLayer;
pub use self::owner::DedupOwner;
pub use self::service::{Dedup, DedupFuture};
pub use self::store::{Claimed, DedupStore};
