//! Tower layers and services for the WeChat platform: official accounts (公众号) and mini-programs
//! (小程序).
//!
//! A [`Wechat`] holds the configured apps, their tokens and the connection to the platform. It is
//! cheap to clone.
//!
//! | task | type |
//! |---|---|
//! | mount all documented routes on a router | [`Wechat::routes`] |
//! | add, replace and remove apps at run time | [`Wechat::insert_app`], [`Wechat::remove_app`] |
//! | receive pushes only | [`Callback`] |
//! | dispatch messages to handlers | [`callback::route::Router`] |
//! | bound the response time of slow handlers | [`callback::deadline`] |
//! | lose no acknowledged message | `callback::inbox`, with the feature `inbox` |
//! | forward pushes to several environments | [`callback::forward::Forward`] |
//! | sign users in | [`oauth::OAuthService`], [`routes::UserInfoService`], or the calls in [`api::oauth`] |
//! | sign users in with a QR code | [`scan_login`] |
//! | call the platform | [`App::call`] with a type of [`api`], or with your own [`api::Endpoint`] |
//! | sign pages that use the JS-SDK | [`App::page_config`] |
//! | call the mini-program APIs | [`api::miniprogram`] |
//! | use an access token in your own handlers | [`TokenLayer`] and [`Tokens`] |
//! | share tokens, pushes and sign-ins between instances | [`shared`], or [`token::TokenRouteSource`] for tokens alone |
//! | add and remove apps while running | [`Wechat::insert_app`] |
//! | share sign-ins between processes | [`oauth::CodeStore`] |
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
//! # Architecture
//!
//! The services that face the application are generic over the request body and have the error type
//! `Infallible`, so axum, hyper and other servers take them without an adapter. Calls to the
//! platform go through one stack over collected bodies; see [`client`]. Both are built on functions
//! over bytes, without I/O or a clock, such as [`callback::signature`] and [`callback::crypto`].
//!
//! Time comes from a [`Clock`] and timers from a [`Runtime`], so tests control both.
//!
//! # Errors
//!
//! An [`Error`] says what to do. A push that fails a check gets an empty 403; the reason is logged.
//!
//! # Logging
//!
//! The target `tower_wechat` logs one line at level INFO for each request to a JSON route (route,
//! `source`, `appid`, `request_id`, `code`, `errcode` and milliseconds) and for each push (app,
//! kind, id and outcome, or the reason of the rejection). Handlers run in the span `wechat.push`,
//! with the app, the kind and the message id or the dedup key. Problems that an operator must act
//! on are warnings with the whole chain of causes. No line contains a secret, token, code or user
//! text.
//!
//! # Performance
//!
//! A push allocates nothing in plaintext mode and twice in secure mode; with
//! [`Dedup`](callback::dedup::Dedup) and [`Deadline`](callback::deadline::Deadline) twice more. A
//! forged push and a cached access token allocate nothing. A remembered message or signature takes
//! 22 bytes, and at most 25. `benches/README.md` has the measurements.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `reqwest` | yes | the default transport, with rustls; enables `tokio` |
//! | `tokio` | yes | the default [`Runtime`] |
//! | `metrics` | no | counters of pushes and of Redis, through the crate `metrics` |
//! | `inbox` | no | an inbox on disk or Redis, which keeps acknowledged messages: `callback::inbox` |
//! | `redis` | no | state that several instances share: see [`shared::redis`]; enables `tokio` |
//! | `sandbox` | no | the local platform; enables `tokio` |
//! | `test-util` | no | checks for your own stores: `shared::conformance`; enables `tokio` |
//!
//! # Security
//!
//! ## Pushes
//!
//! The mode (消息加解密方式) of the app's [`CallbackKeys`] decides which checks run, never the
//! push. Use secure mode (安全模式): in plaintext mode the platform does not sign the body.
//!
//! | [`Callback`] checks | plaintext | compatible | secure |
//! |---|---|---|---|
//! | the sender knows the Token | yes | yes | yes |
//! | the body is the signed one | no | yes | yes |
//! | the push is for this app | no | yes | yes |
//! | the timestamp is within ten minutes of the clock | yes | yes | yes |
//! | a signature runs the handler once while its timestamp is fresh | yes | yes | yes |
//! | a signature cannot be replayed under another timestamp | for 24 hours | yes | yes |
//! | the message is encrypted | no | no | yes |
//!
//! An attacker who has
//!
//! - *nothing* gets an empty 403, which does not say what was wrong, and makes the service compute
//!   one hash. A body is read only after its `signature` was verified.
//! - *an access log*, with the queries of pushes, can do nothing in secure and compatible mode,
//!   since no query signs another body. In plaintext mode, a fresh signature accepts no second
//!   body, and neither does the signature of a verified URL. But if the original body was never
//!   read and parsed here, for example because the connection broke, its signature accepts any body
//!   for ten minutes. After 24 hours, about one logged push in six can be used once before 2038,
//!   with any body, at the time that its nonce reads as a current timestamp.
//!   [`Callback::ambiguity`] sets how long this is refused.
//! - *the network*, to read, delay and change pushes, can in secure mode only delay a push, for at
//!   most ten minutes. A document without a `CreateTime` can also be repeated unchanged, as a
//!   logged push of plaintext mode can. In compatible mode, the attacker can read pushes too. In
//!   plaintext mode, the attacker can also replace the body.
//! - *the Token* can send any push in plaintext mode. In the other modes, the attacker cannot write
//!   a push, but can sign captured ciphertexts again with a current timestamp, and change some of
//!   their bytes, since the platform's cipher has no integrity protection.
//! - *the EncodingAESKey* can read pushes, and cannot send any.
//! - *both* can do everything that the platform can. Change both in the platform's console; see
//!   [`CallbackKeys::previous_token`].
//!
//! Signatures are remembered in the memory of one process. After a restart, or on another instance,
//! a captured push of the last ten minutes is handled once more, unless the handler recognizes the
//! message. Instances that [share a store of
//! pushes](callback::dedup#several-instances) recognize it: behind
//! [`Dedup`](callback::dedup::Dedup), a captured push is not run again by any of them, also after a
//! restart, and in plaintext mode no instance accepts a signature with a second body. Not shared are
//! the signatures of verified URLs, and those of a [`Callback`] without `Dedup`. While the store
//! cannot be reached, each instance remembers for itself.
//!
//! Older pushes are handled once more when the wall clock is set back by more than ten minutes. The
//! memory holds the last 100,000 signatures; [`Callback::forgotten`] counts those that were evicted
//! early.
//!
//! ## Routes and calls
//!
//! The JSON routes answer 401 until [`Routes::access_keys`](routes::Routes::access_keys) or
//! [`Routes::unprotected`](routes::Routes::unprotected) is called. An access token is part of the
//! query of a call, so URLs are never logged and never part of a span or an error. Secrets print as
//! fingerprints and do not implement `Serialize`. Plain `http://` is accepted for loopback
//! addresses and for hosts that are explicitly allowed, and never goes through a proxy from the
//! environment.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accessors;
mod address;
pub mod api;
mod app;
mod body;
mod browser;
pub mod callback;
pub mod client;
mod clock;
mod error;
mod hex;
mod json;
pub mod jssdk;
pub mod oauth;
mod panic;
mod random;
pub mod routes;
mod runtime;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod scan_login;
#[cfg(any(feature = "redis", feature = "inbox"))]
mod seal;
mod secret;
pub mod shared;
mod single_flight;
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

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Compiles the examples of the Chinese README.
#[cfg(doctest)]
#[doc = include_str!("../README.zh-CN.md")]
struct ReadmeInChinese;
