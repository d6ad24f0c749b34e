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

mod account;
mod account_type;
mod clock;
mod control;
mod customer_service;
mod fault;
mod http;
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
mod state;
mod ticket;
mod token;

pub use self::account::User;
pub use self::account_type::AccountType;
pub use self::http::{SandboxBody, SandboxHttp};
pub use self::platform::Broken;
pub use self::push::{Attempt, Delivery, Push, Received};

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::http::Response;
use bytes::Bytes;

use self::clock::ShiftedClock;
use self::fault::Fault;
use self::state::State;
use crate::app::{AppConfig, AppId};
use crate::callback::Mode;
use crate::client::Wechat;
use crate::clock::{Clock, SharedClock, SystemClock};
use crate::error::{ErrCode, Error};
use crate::runtime::{Runtime, SharedRuntime, TokioRuntime};
use crate::secret::Secret;

/// The platform; its clones are the same one. See the [module documentation](self).
///
/// It is also a tower service over collected bodies, to be passed to
/// [`WechatBuilder::transport`](crate::WechatBuilder::transport).
#[derive(Clone)]
pub struct Sandbox {
    clock: ShiftedClock,
    runtime: SharedRuntime,
    /// How long the platform waits for the answer to a push.
    patience: Duration,
    state: Arc<Mutex<State>>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// The app that every sandbox begins with.
    pub const APPID: &'static str = "wx3cc8fd6963e31a32";

    /// A platform with one app, [`APPID`](Self::APPID), in secure mode, and one user, `Hui🐠`.
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// The same by another clock, such as a [`ManualClock`](crate::ManualClock).
    pub fn with_clock(clock: impl Clock) -> Self {
        Self {
            clock: ShiftedClock::new(clock),
            runtime: SharedRuntime::new(TokioRuntime),
            patience: Duration::from_secs(5),
            state: Arc::new(Mutex::new(State::new(Self::APPID, Mode::Secure))),
        }
    }

    /// Waits on `runtime` instead of tokio.
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = SharedRuntime::new(runtime);
        self
    }

    /// How long this handle waits for the answer to a push before it sends it again: the real
    /// platform's five seconds if not called.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The id of the app that the sandbox began with.
    pub fn appid(&self) -> AppId {
        self.state().first_app()
    }

    /// Adds an app with a secret and callback keys of its own; one of the same id is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a malformed id.
    pub fn add_app(&self, appid: impl AsRef<str>, mode: Mode) -> Result<AppId, Error> {
        let appid = AppId::new(appid)?;
        self.state().add_app(appid.clone(), mode);
        Ok(appid)
    }

    /// What the host's configuration needs to know of each app: its secret and callback keys.
    pub fn app_configs(&self) -> Vec<AppConfig> {
        self.state().app_configs()
    }

    /// The path, or the whole address, that an app's pushes are sent to:
    /// `/v1/service/wx/wxmsg/{appid}` at first.
    pub fn set_callback_url(&self, appid: &AppId, url: impl Into<String>) {
        if let Some(account) = self.state().account_mut(appid) {
            account.callback_url = url.into();
        }
    }

    /// The user of this nickname; a new one, who follows no app, if there is none.
    pub fn user(&self, nickname: &str) -> User {
        let id = self.state().user(nickname);
        User::new(self.clone(), id)
    }

    /// A [`Wechat`] with all apps, over this platform, by its clock.
    ///
    /// # Panics
    /// Never: the sandbox's own apps are configured rightly.
    #[expect(
        clippy::expect_used,
        reason = "the sandbox's own apps are configured rightly"
    )]
    pub fn wechat(&self) -> Wechat {
        let builder = Wechat::builder()
            .clock(self.clock())
            .transport(self.clone());
        let builder = self
            .app_configs()
            .into_iter()
            .fold(builder, |builder, app| builder.app(app));
        builder
            .build()
            .expect("the sandbox's apps are configured rightly")
    }

    /// The platform's clock.
    pub fn clock(&self) -> impl Clock + Clone + use<> {
        self.clock.clone()
    }

    /// Moves the platform's clock forward.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Ends the life of all app tokens: calls answer 42001, and the next fetch brings new ones.
    /// [`Tokens`](crate::Tokens) learns of it by the first call that is refused.
    pub fn expire_tokens(&self) {
        let now = self.clock.now();
        self.state().tokens.expire_all(now);
    }

    /// Refuses all current app tokens with 40001 although `stable_token` goes on handing them out,
    /// until a forced refresh.
    pub fn refuse_tokens(&self) {
        self.state().tokens.refuse_current();
    }

    /// Refuses the next call of `path` with `code`. Several are refused in turn.
    pub fn fail_next(&self, path: &str, code: ErrCode) {
        self.state().faults.push(path, Fault::Refuse(code));
    }

    /// Answers the next call of `path` with `response`, whatever it says.
    pub fn answer_next(&self, path: &str, response: Response<Bytes>) {
        self.state().faults.push(path, Fault::Answer(response));
    }

    /// Answers the next call of `path` after `delay`; the call takes effect at once. Until a
    /// subscribe message is answered, another one to the same user is refused with 43108.
    pub fn delay_next(&self, path: &str, delay: Duration) {
        self.state().faults.push(path, Fault::Delay(delay));
    }

    /// Breaks the connection of the next call of `path` before it takes effect.
    pub fn drop_next(&self, path: &str) {
        self.state().faults.push(path, Fault::Drop);
    }

    /// How often `path` was called.
    pub fn calls(&self, path: &str) -> usize {
        self.state().faults.calls(path)
    }

    /// Every secret the platform knows of or has handed out lately (the last 10,000), to check
    /// that none of them appears where it must not.
    pub fn secrets(&self) -> Vec<Secret> {
        self.state().secrets()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shared_clock(&self) -> SharedClock {
        SharedClock::new(self.clock.clone())
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("app", &self.appid())
            .finish_non_exhaustive()
    }
}
