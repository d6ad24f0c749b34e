//! The callback: what the platform pushes, and the answer to it (消息推送).
//!
//! [`Callback`] is the service at the URL that is set in the platform's console. It verifies,
//! decrypts and parses a push into a [`Message`], the host's handler matches on its [`Event`], and
//! the [`Reply`] goes back the way the push came. [`signature`] and [`crypto`] are the parts it is
//! made of, as plain functions. [`once`] and [`deadline`] are layers for handlers: they make one of
//! the pushes that the platform sends again, and answer in time.
//! [`pick_up`] keeps late replies until their user writes again,
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
//! `wechat_pick_up_dropped_total`: see [`pick_up`].
//!
//! A push whose texts could be told apart in more than one way
//! ([`Message::is_ambiguous`]) is counted in `wechat_callback_ambiguous_total`, in the same way.
//!
//! What becomes of pushes that are handed on is counted in `wechat_forward_total`: see [`forward`].

mod card;
mod collected;
mod count;
pub mod crypto;
pub mod deadline;
mod envelope;
pub mod event;
mod failure;
mod fingerprint;
pub mod forward;
mod future;
mod gate;
mod handler;
mod json;
mod keys;
mod message;
mod message_serde;
pub(crate) mod nonce;
pub mod once;
pub(crate) mod outgoing;
pub mod pick_up;
mod place;
mod query;
mod reading;
mod recent;
mod rejection;
mod replay;
mod reply;
mod response;
pub mod route;
mod service;
pub mod signature;
mod signer;
mod store;
mod tree;
mod writer;
mod xml;

pub use self::card::{Article, Music, Video};
#[doc(inline)]
pub use self::event::Event;
pub use self::failure::{HandlerError, Overloaded};
pub use self::future::ResponseFuture;
pub use self::handler::{HandlerFn, HandlerFuture, IntoReply, handler_fn};
pub use self::keys::{CallbackKeys, Mode, Recipient};
pub use self::message::Message;
pub use self::rejection::Rejection;
pub(crate) use self::reply::Kind as ReplyKind;
pub use self::reply::Reply;
pub use self::service::Callback;
pub use self::tree::{Field, Fields, Format, Limits, ParseError};
