//! Receives the platform's pushes and answers them (消息推送).
//!
//! [`Callback`] is the service at the URL that is configured in the platform's console. It
//! verifies, decrypts and parses a push into a [`Message`] and calls the handler, which matches on
//! the message's [`Event`]. The [`Reply`] is sent in the format and mode of the push. [`signature`]
//! and [`crypto`] provide the underlying primitives as plain functions.
//!
//! The other modules are tower layers and services for handlers:
//!
//! - [`dedup`] deduplicates retried pushes.
//! - [`deadline`] bounds the response time.
//! - [`deadline::pick_up`] keeps late replies until the user writes again.
//! - `inbox` (feature `inbox`) keeps acknowledged messages until they are handled.
//! - [`route`] dispatches messages to different handlers.
//! - [`forward`] forwards pushes to other services.
//!
//! # Metrics
//! With the feature `metrics`, every request is counted in `wechat_callback_total`. The label
//! `appid` is the app; the label `outcome` is one of
//! - `reply`: a reply was sent,
//! - `success`: the reply was empty or could not be sent,
//! - `echo`: the URL was verified,
//! - `failed`: the handler failed or panicked, so the platform retries the push,
//! - `overloaded`: too many handlers are running, so the platform retries the push,
//! - or the reason why the request was refused: [`Rejection::as_str`].
//!
//! These counters have the label `appid`:
//!
//! - `wechat_callback_forgotten_total`: signatures that were evicted before their timestamp was
//!   stale, because the replay memory was full.
//! - `wechat_callback_dropped_total`: handlers that were dropped because they exceeded
//!   [`max_life`](deadline::DeadlineLayer::max_life).
//! - `wechat_callback_ambiguous_total`: pushes whose user texts can be delimited in more than one
//!   way ([`Message::is_ambiguous`]).
//!
//! Parts of late replies that were dropped before the user wrote again are counted in
//! `wechat_pick_up_dropped_total`: see [`deadline::pick_up`]. Forwarded pushes are counted in
//! `wechat_forward_total`: see [`forward`].

mod body_buffer;
pub mod deadline;
pub mod dedup;
mod document;
mod error;
pub mod event;
pub mod forward;
mod future;
mod handler;
#[cfg(feature = "inbox")]
#[cfg_attr(docsrs, doc(cfg(feature = "inbox")))]
pub mod inbox;
mod memory;
mod message;
mod message_serde;
mod metrics;
pub(crate) mod push;
mod reply;
pub mod route;
mod run;
mod service;
pub(crate) mod verify;

pub use self::document::{Field, Fields, Format, Limits, ParseError};
pub use self::error::{HandlerError, Overloaded};
#[doc(inline)]
pub use self::event::Event;
pub use self::future::ResponseFuture;
pub use self::handler::{HandlerFn, HandlerFuture, IntoReply, handler_fn};
pub use self::message::Message;
pub(crate) use self::reply::Kind as ReplyKind;
pub use self::reply::{Article, Music, Reply, Video};
pub use self::service::Callback;
pub use self::verify::{CallbackKeys, Mode, Recipient, Rejection, crypto, signature};
