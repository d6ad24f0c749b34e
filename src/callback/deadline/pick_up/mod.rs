//! Keeps late replies until the user writes again.
//!
//! An account that may not send customer-service messages, such as an unverified 订阅号, can only
//! reply passively: after the [deadline](super), a handler's reply cannot reach the user.
//! [`PickUp`] keeps the reply, and answers the user's next message with it, or with its next part.
//!
//! ```
//! # let sandbox = tower_wechat::sandbox::Sandbox::new();
//! # let wechat = sandbox.wechat();
//! use tower_wechat::callback::deadline::DeadlineLayer;
//! use tower_wechat::callback::deadline::pick_up::PickUp;
//! use tower_wechat::{Message, handler_fn};
//!
//! async fn ask_a_model(message: Message) -> String {
//!     // … twenty seconds of work …
//!     "a long answer".to_owned()
//! }
//!
//! let deadline = DeadlineLayer::hold()
//!     .placeholder(|_| "正在思考，请稍后回复任意内容查看结果")
//!     .pick_up(PickUp::new());
//! let routes = wechat.routes().on_message_within(deadline, handler_fn(ask_a_model));
//! ```
//!
//! # Which messages pick up a reply
//! Messages of users (`text`, `image`, `voice`, `video`, `shortvideo`, `location`, `link`, `file`,
//! and mini-program cards) and taps on the menu (`CLICK`). Other events, such as the `LOCATION`
//! that may arrive every five seconds, are handled as usual. So is a message for which no part is
//! waiting, even while the handler of an earlier message is running.
//!
//! A retried message gets the same part again. If the user was not answered with a part, it returns
//! to its place in the queue.
//!
//! # Parts
//! A text of more than 2048 bytes is split into parts at suitable places. Each article of a news
//! reply is a part, since a message is answered with one article. A text part ends with the number
//! of parts that are left: [`PickUp::remaining`]. A late
//! [`transfer_customer_service`](crate::Reply::transfer_customer_service) or
//! [`acknowledged`](crate::Reply::acknowledged) cannot be kept: it is logged and lost.
//!
//! # Limits
//! A user can have at most 32 waiting parts, each for at most an hour ([`PickUp::max_parts`],
//! [`PickUp::max_age`]). Further parts are dropped. The default [store](PickUp::store),
//! [`MemoryPickUpStore`], holds at most 16 MiB; beyond that, it drops the parts that have waited
//! longest.
//!
//! Dropped parts are logged as a warning. With the feature `metrics`, they are counted in
//! `wechat_pick_up_dropped_total`, with the app as `appid` and `full` or `age` as `reason`.
//!
//! # Several instances
//! With [shared state](crate::shared), a part can be picked up on any instance. Each message that
//! may pick up a part then costs one request to Redis. While Redis is unavailable, messages are
//! handled as if no part were waiting, a late reply is lost with an error in the log, and the parts
//! that already wait are kept. Redis itself limits their size (`maxmemory`). Those that expire there
//! are neither logged nor counted.
//!
//! # Customer service first
//! If some accounts may send customer-service messages, or if a user may have written too long ago,
//! chain the two hooks:
//!
//! ```
//! # let sandbox = tower_wechat::sandbox::Sandbox::new();
//! # let wechat = sandbox.wechat();
//! use tower_wechat::callback::deadline::pick_up::PickUp;
//! use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer};
//!
//! let pick_up = PickUp::new();
//! let late = CustomerService::new(wechat.clone()).split_long_texts().or(pick_up.clone());
//! let deadline = DeadlineLayer::ack().late(late).pick_up(pick_up);
//! ```

mod hook;
mod lease;
mod memory;
mod parts;
mod store;

pub(super) use self::lease::Lease;
pub use self::memory::MemoryPickUpStore;
pub(super) use self::parts::answers_one_push;
pub(crate) use self::store::SharedStore;
pub use self::store::{PickUpStore, Taken};

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use self::parts::Remaining;
use crate::callback::Message;

const MAX_PARTS: usize = 32;
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// How many parts may wait to be given back to a store that fails.
const RETURNS_MAX: usize = 256;

/// Keeps late replies until the user writes again: see the [module documentation](self).
///
/// `PickUp` is a late-reply hook, a `tower::Service<LateReply>`.
/// [`DeadlineLayer::pick_up`](super::DeadlineLayer::pick_up) also answers messages from it. Clones
/// share the waiting parts.
#[derive(Clone)]
pub struct PickUp(Arc<Config>);

#[derive(Clone)]
struct Config {
    /// Set at the first use at the latest, for all clones.
    store: Arc<OnceLock<SharedStore>>,
    handles_too: bool,
    max_parts: usize,
    max_age: Duration,
    remaining: Remaining,
    returns: Arc<Semaphore>,
}

impl Default for PickUp {
    fn default() -> Self {
        Self::new()
    }
}

impl PickUp {
    /// Keeps replies within the [default limits](self#limits). A message that picks up a part is
    /// not passed to the handler.
    pub fn new() -> Self {
        Self(Arc::new(Config {
            store: Arc::default(),
            handles_too: false,
            max_parts: MAX_PARTS,
            max_age: MAX_AGE,
            remaining: Remaining::default(),
            returns: Arc::new(Semaphore::new(RETURNS_MAX)),
        }))
    }

    /// Sets the store, for example a [`MemoryPickUpStore`] with another limit.
    ///
    /// Defaults to the [shared state](crate::WechatBuilder::shared) of the first `Wechat` that it
    /// is passed to, with [`on_message_within`](crate::routes::Routes::on_message_within), or else
    /// to a new [`MemoryPickUpStore`].
    #[must_use]
    pub fn store(self, store: impl PickUpStore) -> Self {
        let store = OnceLock::from(SharedStore::new(store));
        self.with(|config| config.store = Arc::new(store))
    }

    /// Uses `store` if no store is set, also in the clones.
    pub(super) fn or_store(&self, store: &SharedStore) {
        self.0.store.get_or_init(|| store.clone());
    }

    fn kept(&self) -> &SharedStore {
        let memory = || SharedStore::new(MemoryPickUpStore::new());
        self.0.store.get_or_init(memory)
    }

    /// Also calls the handler for a message that picks up a part.
    ///
    /// The user sees the part when the handler completes or the deadline passes. The handler's
    /// reply is then a late reply, which is passed to the [hook](super::DeadlineLayer::late).
    ///
    /// A reply that is only valid in time, such as
    /// [`transfer_customer_service`](crate::Reply::transfer_customer_service), answers the push
    /// instead, and the part keeps waiting. If the handler fails before the deadline, the push
    /// fails and the part keeps waiting too.
    #[must_use]
    pub fn handle_too(self) -> Self {
        self.with(|config| config.handles_too = true)
    }

    /// Sets the text at the end of a text part while more parts wait, given their number. Defaults
    /// to "\n\n（还有 3 条，回复任意内容继续）".
    ///
    /// The text is omitted if it and the part exceed 2048 bytes together. When a long text is
    /// split, each part leaves 128 bytes for it.
    ///
    /// ```
    /// use tower_wechat::callback::deadline::pick_up::PickUp;
    ///
    /// let pick_up = PickUp::new().remaining(|left| format!("\n({left} more: write anything)"));
    /// ```
    #[must_use]
    pub fn remaining<F, S>(self, text: F) -> Self
    where
        F: Fn(usize) -> S + Send + Sync + 'static,
        S: Into<String>,
    {
        self.with(|config| config.remaining = Remaining::new(text))
    }

    /// Sets how many parts of a user may wait. Defaults to 32.
    #[must_use]
    pub fn max_parts(self, parts: usize) -> Self {
        self.with(|config| config.max_parts = parts)
    }

    /// Sets how long a part waits. Defaults to one hour.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        self.with(|config| config.max_age = age)
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Whether the handler is called for a message that picks up a part.
    pub(super) fn handles_too(&self) -> bool {
        self.0.handles_too
    }

    /// Whether `message` may pick up a part.
    pub(super) fn is_for(&self, message: &Message) -> bool {
        message.is_written() && message.shows_replies() && !message.from_user_name().is_empty()
    }
}

impl fmt::Debug for PickUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PickUp")
            .field("handles_too", &self.0.handles_too)
            .field("max_parts", &self.0.max_parts)
            .field("max_age", &self.0.max_age)
            .finish_non_exhaustive()
    }
}
