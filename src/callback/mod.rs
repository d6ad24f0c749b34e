//! The callback: what the platform pushes, and the answer to it (消息推送).
//!
//! [`Callback`] is the service at the URL that is set in the platform's console. It verifies,
//! decrypts and parses a push into a [`Message`], the host's handler matches on its [`Event`], and
//! the [`Reply`] goes back the way the push came. [`signature`] and [`crypto`] are the parts it is
//! made of, as plain functions. [`dedup`] and [`deadline`] are layers for handlers: they make one of
//! the pushes that the platform sends again, and answer in time.
//! [`deadline::pick_up`] keeps late replies until their user writes again,
//! [`route`] chooses among handlers, and [`forward`] hands pushes on to other services.
//!
//! # Metrics
//! With the feature `metrics` every request is counted in `wechat_callback_total`, with the app as
//! `appid` and as `outcome`
//! - `reply`: a reply was sent,
//! - `success`: there was nothing to say, or nothing that could be sent,
//! - `echo`: the URL was verified,
//! - `failed`: the handler failed or panicked, so that the platform sends the push again,
//! - `overloaded`: too many handlers are at work, so that the platform sends the push again,
//! - or why the request was refused: [`Rejection::as_str`].
//!
//! A signature that had to be forgotten before its timestamp was stale, because too many came, is
//! counted in `wechat_callback_forgotten_total`, with the app as `appid`.
//!
//! A handler that was dropped because it outlived
//! [`max_life`](deadline::DeadlineLayer::max_life) is counted in `wechat_callback_dropped_total`, in
//! the same way.
//!
//! A part of a late reply that was dropped before its user wrote again is counted in
//! `wechat_pick_up_dropped_total`: see [`deadline::pick_up`].
//!
//! A push whose texts could be told apart in more than one way
//! ([`Message::is_ambiguous`]) is counted in `wechat_callback_ambiguous_total`, in the same way.
//!
//! What becomes of pushes that are handed on is counted in `wechat_forward_total`: see [`forward`].

mod body_buffer;
pub mod deadline;
pub mod dedup;
mod document;
mod error;
pub mod event;
pub mod forward;
mod future;
mod handler;
mod memory;
mod message;
mod message_serde;
mod metrics;
pub(crate) mod push;
mod reply;
pub mod route;
mod run;
mod service;
mod store;
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
