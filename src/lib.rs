//! Tower layers and services for the WeChat platform.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
pub mod api;
mod app;
mod body;
pub mod callback;
pub mod client;
mod clock;
mod error;
pub mod routes;
mod runtime;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod secret;
pub mod token;

pub use self::app::{AppConfig, AppId, AppSecret, TokenGrant};
pub use self::body::Body;
pub use self::callback::{Callback, CallbackKeys, Event, IntoReply, Message, Reply, handler_fn};
pub use self::client::{App, Wechat, WechatBuilder};
pub use self::clock::{Clock, ManualClock, SystemClock};
pub use self::error::{BoxError, Class, ErrCode, Error, ErrorKind};
#[cfg(feature = "tokio")]
pub use self::runtime::TokioRuntime;
pub use self::runtime::{BoxFuture, Runtime};
pub use self::secret::{Secret, expose};
pub use self::token::{Token, TokenLayer, Tokens};
