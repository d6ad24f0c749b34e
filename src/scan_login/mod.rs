//! Signs users in by scanning a QR code of an official account.
//!
//! ```text
//! page ── start ──► a secret id in a cookie, and the scene for a QR code
//! page ── wait ───► …                 the user scans: SCAN, or subscribe with qrscene_
//!                   ◄── the layer around the message handler completes the scene
//! page ── finish ─► the handler answers with a session
//! ```
//!
//! [`ScanLogin`] holds the pending sign-ins. Its [layer](ScanLogin::layer) wraps the message
//! handler and completes them. Its [service](ScanLogin::service) lets the page wait, by long
//! polling or server-sent events, and passes the user to the application. The application creates
//! the QR code itself with [`PendingLogin::code`], since it chooses the app.
//!
//! # Who can sign in
//!
//! A scene is used once: the first user who scans is signed in, and later scans change nothing.
//! Everyone who sees the screen can read the scene, but only the browser with the id in its cookie
//! gets the result. The scene doesn't reveal the id, because it is a digest of it.
//!
//! No such scheme can prevent an attacker from showing a user the code of the attacker's page, to
//! be signed in as that user. The reply to the scan should therefore say what it was for. See
//! [`ScanLogin::answers`].
//!
//! # How many can sign in
//!
//! The number of pending sign-ins in the store is limited, and so is the number of waiting
//! requests. To keep one visitor from using up all of them, identify clients with
//! [`ScanLogin::client_key`] and begin sign-ins with [`ScanLogin::start_for`]. A client with 20
//! pending sign-ins then loses its own oldest one, and never another client's.
//!
//! # Several instances
//!
//! With [shared state](crate::shared), the QR code, the scan and the page may each reach another
//! instance. The scan wakes the page at once. All pages that wait on an instance use one more
//! connection to Redis, which checks itself every two seconds: if it breaks or dies silently, a page
//! learns of the scan up to five seconds late.
//!
//! | while Redis is unavailable | |
//! |---|---|
//! | a new sign-in | fails with [`ScanError::Store`], as every call of a store |
//! | a page that waits | keeps waiting, and continues when Redis is back |
//! | a page that begins to wait | fails after a second |
//! | a scan | fails its push, which the platform sends again five and ten seconds later |
//!
//! If Redis loses its data, the pending sign-ins end, as if they had expired. Anyone who can write
//! to the Redis can sign in as any user, unless the store is sealed.
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
//! // Show the code of the ticket, and set `pending.cookie()`.
//! # sandbox.scan(&sandbox.user("Hui"), &ticket.ticket, routes).await;
//! let status = scans.wait(pending.id()).await?;
//! assert!(matches!(status, ScanStatus::Scanned(user) if user.new_follower));
//! # Ok(())
//! # }
//! ```

mod answer;
mod builder;
mod clients;
mod erased;
mod events;
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
pub(crate) use self::erased::SharedStore;
pub use self::events::ScanBody;
pub use self::layer::{ScanHandler, ScanLoginLayer};
pub use self::login::{ScanLogin, ScanStatus};
pub use self::memory::MemoryScanStore;
pub use self::pending::PendingLogin;
pub use self::proxies::TrustedProxies;
pub use self::service::ScanLoginService;
#[cfg(feature = "redis")]
pub(crate) use self::store::LIFE_MAX;
pub use self::store::{ScanError, ScanStore, ScannedUser};
pub use crate::browser::AnswerFn as ScannedFn;
