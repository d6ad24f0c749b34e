//! Signing in by scanning a QR code of an official account.
//!
//! ```text
//! page ── start ──► a secret id in a cookie, and the scene for a QR code
//! page ── wait ───► …                 the user scans: SCAN, or subscribe with qrscene_
//!                   ◄── the message handler's layer completes the scene
//! page ── finish ─► the host's handler answers with a session
//! ```
//!
//! [`ScanLogin`] holds the pending sign-ins. Its [layer](ScanLogin::layer) around the handler of
//! messages completes them; its [service](ScanLogin::service) lets the page wait, by long poll or
//! server-sent events, and hands the user to the host. The QR code itself is made by the host, with
//! [`PendingLogin::code`], since only the host knows for which app.
//!
//! # Who can sign in
//!
//! A scene is used once: the first user who scans is the one, and a second scan changes nothing.
//! The scene is there for everyone who sees the screen; the result is only for the browser that
//! has the id in its cookie, and the scene does not give the id away, since it is a digest of it.
//!
//! What no such scheme can prevent is that someone shows a user the code of their own page, to be
//! signed in as them. So let the answer to the scan say what it was for; see
//! [`ScanLogin::answers`].
//!
//! # How many can sign in
//!
//! The store has a limit, and so has the number of requests that wait. So that one visitor does
//! not take every place, tell clients apart with [`ScanLogin::client_key`] and begin sign-ins with
//! [`ScanLogin::start_for`]: a client that has twenty pending loses its own oldest, and never
//! anyone else's.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tower::Layer;
//! use tower_wechat::scan_login::{ScanLogin, ScanStatus};
//! use tower_wechat::{Message, Reply, handler_fn};
//! # use tower_wechat::sandbox::Sandbox;
//! # let sandbox = Sandbox::new();
//! # let wechat = sandbox.wechat();
//! # let app = wechat.app(sandbox.appid())?;
//!
//! let scans = ScanLogin::new(&wechat);
//! let handler = scans.layer().layer(handler_fn(|_: Message| async { Reply::text("hello") }));
//! let routes = wechat.routes().on_message(handler).prefix("/v1/service/wx");
//!
//! let pending = scans.start().await?;
//! let ticket = app.call(pending.code()).await?;
//! // Show the code of the ticket, and set pending.cookie().
//! # sandbox.scan(&sandbox.user("Hui"), &ticket.ticket, routes).await;
//! let status = scans.wait(pending.id()).await?;
//! assert!(matches!(status, ScanStatus::Scanned(user) if user.new_follower));
//! # Ok(())
//! # }
//! ```

mod answer;
mod builder;
mod clients;
mod events;
mod kept;
mod layer;
mod login;
mod memory;
mod pending;
mod proxies;
mod service;
mod settings;
mod store;
mod waits;

pub use self::answer::scanned_fn;
pub use self::events::ScanBody;
pub use self::layer::{ScanHandler, ScanLoginLayer};
pub use self::login::{ScanLogin, ScanStatus};
pub use self::memory::MemoryScanStore;
pub use self::pending::PendingLogin;
pub use self::proxies::TrustedProxies;
pub use self::service::ScanLoginService;
pub use self::store::{ScanError, ScanStore, ScannedUser};
pub use crate::browser::AnswerFn as ScannedFn;
