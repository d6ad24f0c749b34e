//! The callback: what the platform pushes, and the answer to it (消息推送).
//!
//! [`Callback`] is the service at the URL that is set in the platform's console. It verifies,
//! decrypts and parses a push into a [`Message`], the host's handler matches on its [`Event`], and
//! the [`Reply`] goes back the way the push came. [`signature`] and [`crypto`] are the parts it is
//! made of, as plain functions.

mod card;
pub mod crypto;
mod envelope;
pub mod event;
pub mod forward;
mod future;
mod gate;
mod handler;
mod json;
mod keys;
mod message;
pub(crate) mod outgoing;
mod query;
mod rejection;
mod reply;
mod response;
mod service;
pub mod signature;
mod tree;
mod writer;
mod xml;

pub use self::card::{Article, Music, Video};
#[doc(inline)]
pub use self::event::Event;
pub use self::future::ResponseFuture;
pub use self::handler::{HandlerFn, HandlerFuture, IntoReply, handler_fn};
pub use self::keys::{CallbackKeys, Mode, Recipient};
pub use self::message::Message;
pub use self::rejection::Rejection;
pub use self::reply::Reply;
pub use self::service::Callback;
pub use self::tree::{Field, Fields, Format, ParseError};
