//! The public handles: the platform and its users.

mod app;
mod assets;
mod fault;
mod pending;
mod push;
mod scan;
mod sending;
mod user;
mod verify;

pub use self::user::User;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::ShiftedClock;
use super::state::State;
use crate::callback::Mode;
use crate::clock::{Clock, SharedClock, SystemClock};
use crate::runtime::{Runtime, SharedRuntime, TokioRuntime};

/// A local WeChat platform.
///
/// Clones share the same state. See the [module documentation](crate::sandbox).
///
/// `Sandbox` is also a tower service over collected bodies. Pass it to
/// [`WechatBuilder::transport`](crate::WechatBuilder::transport).
#[derive(Clone)]
pub struct Sandbox {
    pub(super) clock: ShiftedClock,
    pub(super) runtime: SharedRuntime,
    /// How long the platform waits for the answer to a push.
    patience: Duration,
    // One lock for all areas, so that a call sees a consistent state. Never held across an await.
    state: Arc<Mutex<State>>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// The id of the app that every sandbox starts with.
    pub const APPID: &'static str = "wx3cc8fd6963e31a32";

    /// Creates a platform with one app, [`APPID`](Self::APPID), in secure mode, and one user,
    /// `Hui🐠`.
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// Creates the same platform on another clock, such as a [`ManualClock`](crate::ManualClock).
    pub fn with_clock(clock: impl Clock) -> Self {
        Self {
            clock: ShiftedClock::new(clock),
            runtime: SharedRuntime::new(TokioRuntime),
            patience: Duration::from_secs(5),
            state: Arc::new(Mutex::new(State::new(Self::APPID, Mode::Secure))),
        }
    }

    /// Sets the runtime that times and spawns the sandbox's work. Defaults to tokio.
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = SharedRuntime::new(runtime);
        self
    }

    /// Sets how long this handle waits for the answer to a push before it retries. Defaults to the
    /// real platform's five seconds.
    ///
    /// Clones made earlier keep their value.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets the life of tokens that are granted from now on, in whole seconds. Defaults to the real
    /// platform's two hours. The overlap of a token and its successor, five minutes, shrinks with it.
    #[must_use]
    pub fn token_life(self, life: Duration) -> Self {
        self.state().tokens.set_life(life);
        self
    }

    /// Returns the platform's clock.
    pub fn clock(&self) -> impl Clock + Clone + use<> {
        self.clock.clone()
    }

    /// Advances the platform's clock.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic in one test thread must not fail every later call.
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
