//! The configuration of [`Deadline`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt};

use super::spill::Spill;
use super::{Deadline, HandlerTracker, LateReply};
use crate::callback::deadline::pick_up::PickUp;
use crate::callback::{IntoReply, Message, Reply};
use crate::error::BoxError;
use crate::runtime::{Runtime, SharedRuntime};
use crate::shared::SharedState;

/// Half a second before the platform times out.
const ACK: Duration = Duration::from_millis(4500);
/// One second before the platform's third and last push times out.
const HOLD: Duration = Duration::from_secs(14);

/// The default of `max_life`.
pub(in crate::callback) const MAX_LIFE: Duration = Duration::from_secs(600);

/// A layer that answers for a handler that is late: see the [module
/// documentation](crate::callback::deadline).
///
/// ```
/// use tower::Layer;
/// use tower::service_fn;
/// use tower_wechat::callback::deadline::{DeadlineLayer, LateReply};
/// use tower_wechat::callback::dedup::DedupLayer;
/// use tower_wechat::{BoxError, Message, Reply, handler_fn};
///
/// async fn on_message(message: Message) -> Reply {
///     // … some seconds of work …
///     Reply::text("done")
/// }
///
/// async fn send_late(late: LateReply) -> Result<(), BoxError> {
///     println!("{} is to be told: {:?}", late.message.from_user_name(), late.reply);
///     Ok(())
/// }
///
/// let deadline = DeadlineLayer::ack().late(service_fn(send_late));
/// let handler = DedupLayer::new().layer(deadline.layer(handler_fn(on_message)));
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct DeadlineLayer(Arc<Config>);

#[derive(Clone)]
pub(super) struct Config {
    pub(super) after: Duration,
    pub(super) max_life: Duration,
    pub(super) late: Option<LateHook>,
    pub(super) placeholder: Option<Placeholder>,
    pub(super) pick_up: Option<PickUp>,
    pub(super) spill: Spill,
    pub(super) handlers: HandlerTracker,
    pub(super) runtime: Option<SharedRuntime>,
}

/// The reply that a user sees while the handler runs.
pub(super) type Placeholder = Arc<dyn Fn(&Message) -> Reply + Send + Sync>;

pub(in crate::callback) type LateHook = BoxCloneSyncService<LateReply, (), BoxError>;

impl DeadlineLayer {
    /// Answers `success` if the handler does not complete within 4.5 seconds.
    pub fn ack() -> Self {
        Self::ack_after(ACK)
    }

    /// Answers `success` if the handler does not complete within `after`. A value above five
    /// seconds is only useful together with [`Dedup`](crate::callback::dedup::Dedup).
    pub fn ack_after(after: Duration) -> Self {
        Self(Arc::new(Config {
            after,
            max_life: MAX_LIFE,
            late: None,
            placeholder: None,
            pick_up: None,
            spill: Spill::default(),
            handlers: HandlerTracker::new(),
            runtime: None,
        }))
    }

    /// Lets the platform retry the push while the handler runs: `ack_after` with 14 seconds, the
    /// time in which the platform's three pushes arrive. Apply a
    /// [`Dedup`](crate::callback::dedup::Dedup) outside, so that the retries join the run.
    pub fn hold() -> Self {
        Self::ack_after(HOLD)
    }

    /// Sets how long a handler may run, whether or not its push is answered. Defaults to ten
    /// minutes.
    ///
    /// A handler that runs longer is dropped at its next `await`, logged, and counted by
    /// [`HandlerTracker::dropped`]. The same limit applies again to the late-reply hook.
    pub fn max_life(self, life: Duration) -> Self {
        self.with(|config| config.max_life = life)
    }

    /// Sets the hook that is called once for each late reply: a service, or a function wrapped by
    /// `tower::service_fn`.
    ///
    /// Errors of the hook are logged. Without a hook, a late reply is lost, with a warning that
    /// does not include its content.
    pub fn late<S>(self, hook: S) -> Self
    where
        S: Service<LateReply> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let hook = hook.map_response(drop).map_err(Into::into);
        self.with(|config| config.late = Some(BoxCloneSyncService::new(hook)))
    }

    /// Sets the reply that is sent instead of `success` when the handler is late, so that the user
    /// knows that an answer is coming.
    ///
    /// It is used for messages of users and taps on the menu (`CLICK`). Other events are answered
    /// with `success`, and so is a message for which `placeholder` panics.
    ///
    /// ```
    /// use tower_wechat::callback::deadline::DeadlineLayer;
    ///
    /// let deadline = DeadlineLayer::ack().placeholder(|_| "正在思考，请稍候");
    /// ```
    pub fn placeholder<F, R>(self, placeholder: F) -> Self
    where
        F: Fn(&Message) -> R + Send + Sync + 'static,
        R: Into<Reply>,
    {
        let placeholder: Placeholder = Arc::new(move |message| placeholder(message).into());
        self.with(|config| config.placeholder = Some(placeholder))
    }

    /// Keeps late replies in `pick_up` until the user writes again, and answers messages from it:
    /// see [`pick_up`](crate::callback::deadline::pick_up).
    ///
    /// `pick_up` is also the late-reply hook, unless [`late`](Self::late) sets another one, for
    /// example one that falls back to `pick_up`.
    ///
    /// Apply a [`Dedup`](crate::callback::dedup::Dedup) outside, as
    /// [`on_message_within`](crate::routes::Routes::on_message_within) does.
    pub fn pick_up(self, pick_up: PickUp) -> Self {
        self.with(|config| config.pick_up = Some(pick_up))
    }

    /// Stores a message in `inbox` before its `success` is sent at the deadline: the spill mode of
    /// the [inbox](crate::callback::inbox). A handler that completes in time does not use the store.
    ///
    /// If the message cannot be stored within 400 ms, its push fails with
    /// [`NotStored`](crate::callback::inbox::NotStored), and the platform's next push joins the
    /// running handler.
    ///
    /// ```no_run
    /// use tower::Layer;
    /// use tower_wechat::callback::deadline::DeadlineLayer;
    /// use tower_wechat::callback::inbox::Inbox;
    /// use tower_wechat::{Message, handler_fn};
    ///
    /// # fn run(send_late: tower_wechat::callback::deadline::CustomerService) -> Result<(), tower_wechat::Error> {
    /// let inbox = Inbox::open("data/inbox.redb")?;
    /// let deadline = DeadlineLayer::ack().late(send_late).inbox(inbox);
    /// let handler = deadline.layer(handler_fn(|_: Message| async { "after a minute" }));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "inbox")]
    #[cfg_attr(docsrs, doc(cfg(feature = "inbox")))]
    pub fn inbox(self, inbox: crate::callback::inbox::Inbox) -> Self {
        self.with(|config| config.spill = Spill::new(inbox))
    }

    /// Counts the handlers in `handlers`, which also limits them for each app.
    pub fn handlers(self, handlers: &HandlerTracker) -> Self {
        self.with(|config| config.handlers = handlers.clone())
    }

    /// Sets the runtime for timers and for late handlers. Defaults to the caller's tokio runtime.
    ///
    /// Without a runtime there is no deadline, and a handler is cancelled when its connection is
    /// closed.
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        self.shared_runtime(SharedRuntime::new(runtime))
    }

    fn shared_runtime(self, runtime: SharedRuntime) -> Self {
        self.with(|config| config.runtime = Some(runtime))
    }

    /// Uses `runtime` if no runtime is set.
    pub(crate) fn or_runtime(self, runtime: &SharedRuntime) -> Self {
        match self.0.runtime {
            Some(_) => self,
            None => self.shared_runtime(runtime.clone()),
        }
    }

    /// Keeps late replies in the shared store, if there is one and no store is set.
    pub(crate) fn or_shared(self, state: &SharedState) -> Self {
        if let (Some(pick_up), Some(store)) = (&self.0.pick_up, &state.pick_up) {
            pick_up.or_store(store);
        }
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Config {
    /// Returns the late-reply hook: `late` if set, otherwise `pick_up`.
    pub(super) fn late(&self) -> Option<LateHook> {
        let pick_up = || self.pick_up.clone().map(LateHook::new);
        self.late.clone().or_else(pick_up)
    }
}

impl<H> Layer<H> for DeadlineLayer
where
    H: Service<Message> + Clone + Send + 'static,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    type Service = Deadline<H>;

    /// Wraps a handler. If there is an inbox, this starts to work through what an earlier process
    /// has left in it; outside of a runtime, this starts with the first message.
    fn layer(&self, inner: H) -> Deadline<H> {
        self.0.spill.start(&inner, &self.0);
        Deadline {
            inner,
            config: Arc::clone(&self.0),
        }
    }
}

impl fmt::Debug for DeadlineLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadlineLayer")
            .field("after", &self.0.after)
            .field("max_life", &self.0.max_life)
            .field("late", &self.0.late.is_some())
            .field("pick_up", &self.0.pick_up)
            .field("handlers", &self.0.handlers)
            .finish_non_exhaustive()
    }
}
