//! Late replies that wait until their user writes again.
//!
//! An account that may not send customer-service messages, such as an unverified 订阅号, has only the
//! passive reply: what a handler says after the [deadline](super) has no way to the user.
//! [`PickUp`] keeps it, and answers the user's next message with it, or with its next part.
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
//! # Which messages pick up
//! A user's messages (`text`, `image`, `voice`, `video`, `shortvideo`, `location`, `link`, `file`, and cards of
//! mini-programs) and taps on the menu (`CLICK`). Other events, such as the `LOCATION` that may come every five seconds,
//! are handled as ever, and so is a message for which nothing waits: also while an earlier one is
//! still being worked on.
//!
//! A message that the platform sends again gets the part that it got before. A part that its user was
//! not answered with waits in its place again.
//!
//! # Parts
//! A text of more than 2048 bytes waits in parts, each cut where it reads well, and each article of
//! a news reply is a part, since a message is answered with one. A text part ends with how many
//! parts are left: [`PickUp::remaining`]. A late
//! [`transfer_customer_service`](crate::Reply::transfer_customer_service) or
//! [`acknowledged`](crate::Reply::acknowledged) cannot wait: it is logged and lost.
//!
//! # Limits
//! A user has at most 32 parts waiting, each for at most an hour ([`PickUp::max_parts`],
//! [`PickUp::max_age`]); what comes beyond is dropped. [`MemoryPickUpStore`], where the parts wait unless
//! another [store](PickUp::store) is set, holds at most 16 MiB, and then drops the parts that have
//! waited longest. Parts that are dropped are logged as a warning, and with the feature `metrics`
//! counted in `wechat_pick_up_dropped_total`, with the app as `appid`, and `full` or `age` as
//! `reason`.
//!
//! # Customer service first
//! Where some accounts may send customer-service messages, or a user may have written too long ago,
//! chain the two:
//!
//! ```
//! # let sandbox = tower_wechat::sandbox::Sandbox::new();
//! # let wechat = sandbox.wechat();
//! use tower_wechat::callback::deadline::DeadlineLayer;
//! use tower_wechat::callback::deadline::pick_up::PickUp;
//! use tower_wechat::callback::deadline::CustomerService;
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
pub use self::store::{PickUpStore, Taken};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::parts::Remaining;
use self::store::SharedStore;
use crate::callback::Message;

const MAX_PARTS: usize = 32;
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// Keeps late replies until their user writes again: see the [module documentation](self).
///
/// It is a hook for late replies, a `tower::Service<LateReply>`, and
/// [`DeadlineLayer::pick_up`](super::DeadlineLayer::pick_up) answers messages from it. Its
/// clones share what waits.
#[derive(Clone)]
pub struct PickUp(Arc<Config>);

#[derive(Clone)]
struct Config {
    store: SharedStore,
    handles_too: bool,
    max_parts: usize,
    max_age: Duration,
    remaining: Remaining,
}

impl Default for PickUp {
    fn default() -> Self {
        Self::new()
    }
}

impl PickUp {
    /// Keeps replies in the memory of this process, within the [default limits](self#limits). A
    /// message that picks up a part is not handled.
    pub fn new() -> Self {
        Self(Arc::new(Config {
            store: SharedStore::new(MemoryPickUpStore::new()),
            handles_too: false,
            max_parts: MAX_PARTS,
            max_age: MAX_AGE,
            remaining: Remaining::default(),
        }))
    }

    /// Keeps replies in `store`: one that several instances share, or a [`MemoryPickUpStore`] with another
    /// limit.
    #[must_use]
    pub fn store(self, store: impl PickUpStore) -> Self {
        self.with(|config| config.store = SharedStore::new(store))
    }

    /// Also handles a message that picks up a part. The user sees the part, at the time at which the
    /// handler's reply would have come; what the handler replies is a late reply, which goes to the
    /// [hook](super::DeadlineLayer::late), unless it is of use only in time, as a
    /// [`transfer_customer_service`](crate::Reply::transfer_customer_service): then the push is answered
    /// with it, and the part waits on. If the handler fails in time the push fails, and the part
    /// waits on too.
    #[must_use]
    pub fn handle_too(self) -> Self {
        self.with(|config| config.handles_too = true)
    }

    /// What a text part ends with while more parts wait, given how many; "\n\n（还有 3 条，回复任意内容继续）"
    /// unless set. It is left off if the part and it have more than 2048 bytes together; a text that
    /// is cut leaves 128 bytes for it.
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

    /// How many parts a user may have waiting; 32 unless set.
    #[must_use]
    pub fn max_parts(self, parts: usize) -> Self {
        self.with(|config| config.max_parts = parts)
    }

    /// How long a part waits; one hour unless set.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        self.with(|config| config.max_age = age)
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Whether a message that picks up a part is handled too.
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
