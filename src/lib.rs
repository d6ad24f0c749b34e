//! Tower layers and services for the WeChat platform: official accounts (公众号) and mini-programs
//! (小程序).
//!
//! A [`Wechat`] holds the configured apps, their tokens and the way to the platform. It is cheap to
//! clone, and everything else is made from it or stands on its own:
//!
//! | to do | take |
//! |---|---|
//! | mount all documented routes on a router | [`Wechat::routes`] |
//! | receive pushes only | [`Callback`] |
//! | send messages to different handlers | [`callback::route::Router`] |
//! | answer a push that takes long | [`callback::deadline`] |
//! | hand pushes on to several environments | [`callback::forward::Forward`] |
//! | sign users in | [`oauth::OAuthService`], [`routes::UserInfoService`], or the calls in [`api::oauth`] |
//! | sign users in by scanning a QR code | [`scan_login`] |
//! | call the platform | [`App::call`] with a type of [`api`], or one of your own: [`api::Endpoint`] |
//! | sign pages that use the JS-SDK | [`App::page_config`] |
//! | call a mini-program's side of the platform | [`api::miniprogram`] |
//! | use an app's access token in one's own handlers | [`TokenLayer`] and [`Tokens`] |
//! | keep tokens where several processes reach them | [`token::TokenStore`] |
//! | develop and test without an account | [`sandbox`] |
//!
//! ```no_run
//! use axum::Router;
//! use tower_wechat::{
//!     AppConfig, CallbackKeys, Event, Message, Reply, TokenLayer, Wechat, handler_fn,
//! };
//!
//! async fn on_message(msg: Message) -> Reply {
//!     match msg.event() {
//!         Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
//!         _ => Reply::none(),
//!     }
//! }
//!
//! # fn app(secret: &str, token: &str, aes_key: &str, key: &str) -> Result<Router, tower_wechat::Error> {
//! let keys = CallbackKeys::secure(token, aes_key)?;
//! let wechat = Wechat::builder()
//!     .app(AppConfig::new("wx3cc8fd6963e31a32", secret).callback(keys))
//!     .build()?;
//! let wx = wechat
//!     .routes()
//!     .access_keys([key]) // who may call the JSON routes; pushes of the platform are signed
//!     .on_message(handler_fn(on_message));
//! let app = Router::new()
//!     .nest_service("/v1/service/wx", wx)
//!     .layer(TokenLayer::new(wechat.tokens()));
//! # Ok(app)
//! # }
//! ```
//!
//! # How it is built
//!
//! Services that face the host are generic over the request body and never fail, so that axum,
//! hyper and others take them as they are. The side that faces the platform is a stack of layers
//! over collected bodies; see [`client`]. Below both lie functions over bytes, without I/O or a
//! clock, such as [`callback::signature`] and [`callback::crypto`].
//!
//! Time comes from a [`Clock`] and waiting from a [`Runtime`], so that tests move both.
//!
//! # When something is refused
//!
//! An [`Error`] says what to do. A push that fails a check is answered with an empty 403 and nothing
//! else; the log tells why.
//!
//! # What is logged
//!
//! At level INFO of the target `tower_wechat`, one line for each request to a JSON route (its route,
//! `source`, `appid`, `request_id`, `code`, `errcode` and milliseconds) and one for each push (its
//! app, kind, id and outcome, or why it was refused). A handler runs in the span `wechat.push`, with
//! the app, the kind and the id or the key by which the push is known again. What an operator must
//! act on is a warning, with the whole chain of causes. No secret, token, code or text of a user is
//! in a line.
//!
//! # What it costs
//!
//! What a push takes in the process, as far as it depends on how much there is; by
//! `cargo bench --bench growth` and the example `load`, on a virtual machine with 2 cores of an AMD
//! EPYC (Zen 5), Linux 6.18, Rust 1.95, 2026-11-27. The README compares it with other software.
//!
//! | what grows | | a push | ratio (10th to 90th percentile) |
//! |---|---:|---:|---:|
//! | apps in one [`Routes`](routes::Routes) | 1 | 1080 ns | 1 |
//! | | 10 | 1118 ns | 1.04 (1.01 to 1.06) |
//! | | 100 | 1176 ns | 1.09 (1.06 to 1.11) |
//! | signatures that a [`Callback`] remembers | 1,000 | 1123 ns | 1 |
//! | | 100,000, unless set | 1231 ns | 1.09 (1.06 to 1.13) |
//! | | 1,000,000 | 1320 ns | 1.17 (1.15 to 1.21) |
//! | messages that [`Dedup`](callback::dedup::Dedup) remembers | 1,000 | 1648 ns | 1 |
//! | | 100,000, unless set | 1781 ns | 1.08 (1.03 to 1.13) |
//! | | 1,000,000 | 1907 ns | 1.15 (1.10 to 1.21) |
//!
//! | memory | |
//! |---|---:|
//! | a message that `Dedup` remembers | 22 bytes |
//! | a signature that a `Callback` remembers, for 20 minutes | 22 bytes |
//! | either of 100,000 | 2.2 MB |
//! | an idle keep-alive connection of axum, 10,000 of them | 17.7 KiB |
//! | allocations of a push that is answered `success`: plaintext, secure, forged | 0, 2, 0 |
//! | with [`Dedup`](callback::dedup::Dedup) and [`Deadline`](callback::deadline::Deadline) | 2 more |
//! | allocations of an access token that is in the cache | 0 |
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `reqwest` | yes | the default transport, with rustls; turns `tokio` on |
//! | `tokio` | yes | the default [`Runtime`] |
//! | `metrics` | no | counts what comes of every push, through the crate `metrics` |
//! | `sandbox` | no | the local platform; turns `tokio` on |
//!
//! # Security
//!
//! ## Pushes
//!
//! Which checks a push must pass is decided by the mode (消息加解密方式) of the app's
//! [`CallbackKeys`], never by the push. Use secure mode (安全模式): in plaintext mode the platform
//! signs no body.
//!
//! | [`Callback`] checks | plaintext | compatible | secure |
//! |---|---|---|---|
//! | the sender knows the Token | yes | yes | yes |
//! | the body is the one that was signed | no | yes | yes |
//! | the push is for this app | no | yes | yes |
//! | the timestamp is at most ten minutes from the clock | yes | yes | yes |
//! | a signature runs the handler once while its timestamp is fresh | yes | yes | yes |
//! | a signature that is read with another timestamp is not fresh again | for 24 hours | yes | yes |
//! | nobody on the way can read the message | no | no | yes |
//!
//! What an attacker can do, who has
//!
//! - *nothing*: gets 403 and an empty body, which do not tell what was wrong, and makes the service
//!   compute one hash. A body is read only after its `signature` was verified.
//! - *an access log*, with the queries of pushes: in secure and compatible mode nothing, since no
//!   query signs another body. In plaintext mode a signature takes no other body while it is fresh,
//!   nor does that of a verified URL; but one whose own body was not read and parsed here, because
//!   it was cut off on its way, say, takes any other for ten minutes. After 24 hours about one logged push in six can be used once
//!   before 2038, with any body, when its nonce reads as the present time:
//!   [`Callback::ambiguity`] sets how long that is refused.
//! - *the network*, to read, hold back and change pushes: in secure mode the attacker can hold a push
//!   back, for ten minutes at most, and cannot read, change or repeat it; a document without a
//!   `CreateTime` can be repeated as a logged push of plaintext mode can, unchanged. In compatible
//!   mode the attacker reads it, too. In plaintext mode the attacker can send another body in its place.
//! - *the Token*: in plaintext mode can send any push. In the other modes cannot write one, but can
//!   sign captured ciphertexts anew, with a timestamp of today, and change some of their bytes,
//!   since the platform's cipher has no integrity of its own.
//! - *the EncodingAESKey*: can read pushes, and cannot send any.
//! - *both*: can do all that the platform can. Change both in the platform's console; see
//!   [`CallbackKeys::previous_token`].
//!
//! What was seen is remembered in the memory of one process: after a restart, or on another
//! instance, a captured push of the last ten minutes is handled once more, unless the handler knows
//! the message again. So are pushes of before, when the wall clock is set back by more than ten
//! minutes. The memory holds the last 100,000 signatures; [`Callback::forgotten`] counts
//! those that it had to forget early.
//!
//! ## Routes and calls
//!
//! The JSON routes answer 401 until the host says who may call them:
//! [`Routes::access_keys`](routes::Routes::access_keys) or
//! [`Routes::unprotected`](routes::Routes::unprotected). An access token travels in the query of a
//! call, so no address is written to a log, a span or an error; secrets print as fingerprints and do
//! not serialize. Plain `http://` is for loopback addresses and for hosts that are named, and no
//! proxy of the environment applies to it.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accessors;
mod address;
pub mod api;
mod app;
mod app_file;
mod body;
mod browser;
pub mod callback;
pub mod client;
mod clock;
mod error;
mod hex;
pub mod jssdk;
pub mod oauth;
mod panic;
pub mod routes;
mod runtime;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod scan_login;
mod secret;
mod store;
mod text;
pub mod token;
mod waiters;

pub use self::app::{AppConfig, AppId, AppSecret, TokenGrant};
pub use self::body::Body;
pub use self::callback::{Callback, CallbackKeys, Event, IntoReply, Message, Reply, handler_fn};
pub use self::client::{App, Wechat, WechatBuilder};
pub use self::clock::{Clock, ManualClock, SystemClock};
pub use self::error::{BoxError, ErrCode, Error, ErrorClass, ErrorKind};
#[cfg(feature = "tokio")]
pub use self::runtime::TokioRuntime;
pub use self::runtime::{BoxFuture, Runtime};
pub use self::secret::{Secret, serialize_exposed};
pub use self::store::StoreError;
pub use self::token::{Token, TokenLayer, Tokens};

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The same of the Chinese one.
#[cfg(doctest)]
#[doc = include_str!("../README.zh-CN.md")]
struct ReadmeInChinese;
