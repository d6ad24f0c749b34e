//! A local WeChat platform, for development and tests without an account, a phone or a public
//! address (feature `sandbox`).
//!
//! It keeps state and follows the platform's rules: a new classic token retires the one before it,
//! `stable_token` returns the same token until its last five minutes, a code works once, a push
//! that is not answered is sent again. Its refusals carry the real codes and a `rid`.
//!
//! In a test it is the lowest service of the real outbound stack, and it pushes into any router:
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
//! user.set_follows(true); // one who does not would send `subscribe`
//! let delivery = sandbox.push(Push::scan(&user, "order-42"), routes).await;
//! assert_eq!(delivery.reply().and_then(|reply| reply.text()), Some("scene order-42"));
//! # Ok(())
//! # }
//! ```
//!
//! A mini-program's code is a QR code here, in place of the round one that only WeChat can draw. It
//! holds `wxa://APPID/PAGE?scene=SCENE`, with the scene URL-encoded as the page gets it, or
//! `wxa://APPID/PATH`; it is a PNG. Each app has released one page, `pages/index/index`, and those
//! of [`Sandbox::publish_page`].
//!
//! A call that it does not know is answered with HTTP 404, and named in the log as a warning.
//! [`Sandbox::answer_next`] tells it what to answer.
//!
//! An app is a service account and a mini-program at once, until [`Sandbox::set_account_type`] says
//! which.
//!
//! [`Sandbox::http`] serves the same platform over HTTP, below any path.

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
