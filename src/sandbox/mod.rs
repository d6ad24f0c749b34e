//! A local WeChat platform for development and tests. It needs no account, phone or public address
//! (feature `sandbox`).
//!
//! The sandbox keeps state and enforces the platform's rules: a new classic token retires the
//! previous one, `stable_token` returns the same token until its last five minutes, a code works
//! once, and an unanswered push is retried. Refusals carry the real error codes and a `rid`.
//!
//! In a test, the sandbox is the transport of the real outbound stack, and it pushes into any
//! router:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tower_wechat::sandbox::{Push, Sandbox};
//! use tower_wechat::{Event, Message, Reply, handler_fn};
//!
//! async fn on_message(message: Message) -> Reply {
//!     match message.event() {
//!         Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
//!         _ => Reply::none(),
//!     }
//! }
//!
//! let sandbox = Sandbox::new();
//! let wechat = sandbox.wechat(); // the real stack, without a socket
//! let routes = wechat.routes().on_message(handler_fn(on_message)).prefix("/v1/service/wx");
//!
//! let user = sandbox.user("Hui");
//! user.set_follows(true); // a scan by a non-follower sends `subscribe`
//! let delivery = sandbox.push(Push::scan(&user, "order-42"), routes).await;
//! assert_eq!(delivery.reply().and_then(|reply| reply.text()), Some("scene order-42"));
//! # Ok(())
//! # }
//! ```
//!
//! A mini-program code is returned as a PNG of a QR code, because only WeChat can draw its round
//! codes. The QR code holds `wxa://APPID/PAGE?scene=SCENE` or `wxa://APPID/PATH`. The scene is
//! URL-encoded, as the page receives it. Each app has released the page `pages/index/index` and
//! those added with [`Sandbox::publish_page`].
//!
//! An unsupported call gets HTTP 404 and logs a warning. [`Sandbox::answer_next`] sets the answer
//! to such a call.
//!
//! An app acts as both a service account and a mini-program until [`Sandbox::set_account_type`]
//! restricts it to one type.
//!
//! [`Sandbox::http`] serves the same platform over HTTP, under any path.

mod account_type;
mod answer;
mod call;
mod calls;
mod clock;
mod control;
mod customer_service;
mod directory;
mod fault;
mod handle;
mod http;
mod issued;
mod media;
mod miniprogram;
mod network;
mod oauth;
mod official;
mod picture;
mod platform;
mod push;
mod random;
mod refusal;
mod row;
mod serve;
mod state;
mod ticket;
mod token;

pub use self::account_type::AccountType;
pub use self::handle::{Sandbox, User};
pub use self::http::{SandboxBody, SandboxHttp};
pub use self::platform::Broken;
pub use self::push::{Attempt, Delivery, Push, Received};
