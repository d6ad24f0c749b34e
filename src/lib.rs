//! Tower layers and services for the WeChat platform.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
mod body;
pub mod callback;
mod clock;
mod error;
mod runtime;
mod secret;

pub use self::app::{AppConfig, AppId, AppSecret, TokenGrant};
pub use self::body::Body;
pub use self::callback::{Callback, CallbackKeys, Event, IntoReply, Message, Reply, handler_fn};
pub use self::clock::{Clock, ManualClock, SystemClock};
pub use self::error::{BoxError, Class, ErrCode, Error, ErrorKind};
#[cfg(feature = "tokio")]
pub use self::runtime::TokioRuntime;
pub use self::runtime::{BoxFuture, Runtime};
pub use self::secret::{Secret, expose};
