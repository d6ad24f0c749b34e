//! The configuration of [`Deadline`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt};

use super::{Deadline, HandlerTracker, LateReply};
use crate::callback::deadline::pick_up::PickUp;
use crate::callback::{Message, Reply};
use crate::error::BoxError;
use crate::runtime::{Runtime, SharedRuntime};

/// Half a second before the platform gives up.
const ACK: Duration = Duration::from_millis(4500);
/// One second before the platform gives up for the third and last time.
const HOLD: Duration = Duration::from_secs(14);

/// How long a handler may run.
const MAX_LIFE: Duration = Duration::from_secs(600);

/// Answers in the place of a handler that is late: see the [module documentation](crate::callback::deadline).
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
pub struct DeadlineLayer(Arc<Config>);

#[derive(Clone)]
pub(super) struct Config {
    pub(super) after: Duration,
    pub(super) max_life: Duration,
    pub(super) late: Option<LateHook>,
    pub(super) placeholder: Option<Placeholder>,
    pub(super) pick_up: Option<PickUp>,
    pub(super) handlers: HandlerTracker,
    pub(super) runtime: Option<SharedRuntime>,
}

/// What a user is told while the handler works.
pub(super) type Placeholder = Arc<dyn Fn(&Message) -> Reply + Send + Sync>;

pub(super) type LateHook = BoxCloneSyncService<LateReply, (), BoxError>;

impl DeadlineLayer {
    /// Answers `success` when the handler is not done after 4.5 seconds.
    pub fn ack() -> Self {
        Self::ack_after(ACK)
    }

    /// Answers `success` when the handler is not done after `after`. Beyond five seconds only
    /// together with [`Dedup`](crate::callback::dedup::Dedup).
    pub fn ack_after(after: Duration) -> Self {
        Self(Arc::new(Config {
            after,
            max_life: MAX_LIFE,
            late: None,
            placeholder: None,
            pick_up: None,
            handlers: HandlerTracker::new(),
            runtime: None,
        }))
    }

    /// Lets the platform send the push again and waits on: `ack_after` 14 seconds, in which the
    /// platform's three pushes come. Put a [`Dedup`](crate::callback::dedup::Dedup) in front, so that
    /// they join.
    pub fn hold() -> Self {
        Self::ack_after(HOLD)
    }

    /// How long a handler may run, its push answered or not; ten minutes unless set. One that runs
    /// for longer is dropped at its next `await`, logged and counted by [`HandlerTracker::dropped`]. The
    /// hook for late replies may take as long again.
    #[must_use]
    pub fn max_life(self, life: Duration) -> Self {
        self.with(|config| config.max_life = life)
    }

    /// Hands replies that come too late to `hook`, each once: a service, or a function by
    /// `tower::service_fn`. Its errors are logged. Without a hook a late reply is logged as a
    /// warning, without what it says.
    #[must_use]
    pub fn late<S>(self, hook: S) -> Self
    where
        S: Service<LateReply> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let hook = hook.map_response(drop).map_err(Into::into);
        self.with(|config| config.late = Some(BoxCloneSyncService::new(hook)))
    }

    /// Answers with a reply in place of `success` when the handler is late, so that the user knows
    /// that it is working. It is asked for a user's messages and taps on the menu (`CLICK`); other
    /// events are answered `success`. When it panics, so are these.
    ///
    /// ```
    /// use tower_wechat::callback::deadline::DeadlineLayer;
    ///
    /// let deadline = DeadlineLayer::ack().placeholder(|_| "正在思考，请稍候");
    /// ```
    #[must_use]
    pub fn placeholder<F, R>(self, placeholder: F) -> Self
    where
        F: Fn(&Message) -> R + Send + Sync + 'static,
        R: Into<Reply>,
    {
        let placeholder: Placeholder = Arc::new(move |message| placeholder(message).into());
        self.with(|config| config.placeholder = Some(placeholder))
    }

    /// Lets late replies wait in `pick_up` until their user writes again, and answers from there: see
    /// [`pick_up`](crate::callback::deadline::pick_up). It is the hook for late replies, unless
    /// [`late`](Self::late) sets another, such as one that hands over to it.
    ///
    /// Put a [`Dedup`](crate::callback::dedup::Dedup) in front, as
    /// [`on_message_within`](crate::routes::Routes::on_message_within) does.
    #[must_use]
    pub fn pick_up(self, pick_up: PickUp) -> Self {
        self.with(|config| config.pick_up = Some(pick_up))
    }

    /// Counts the handlers in `handlers`, which limits those of each app.
    #[must_use]
    pub fn handlers(self, handlers: &HandlerTracker) -> Self {
        self.with(|config| config.handlers = handlers.clone())
    }

    /// Waits and goes on on `runtime`. Unless set it is the tokio runtime of the caller; where there
    /// is none, there is no deadline, and a handler ends with its connection.
    #[must_use]
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        self.shared_runtime(SharedRuntime::new(runtime))
    }

    fn shared_runtime(self, runtime: SharedRuntime) -> Self {
        self.with(|config| config.runtime = Some(runtime))
    }

    /// Takes `runtime` unless one was set.
    pub(crate) fn or_runtime(self, runtime: &SharedRuntime) -> Self {
        match self.0.runtime {
            Some(_) => self,
            None => self.shared_runtime(runtime.clone()),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Config {
    /// The hook for late replies.
    pub(super) fn late(&self) -> Option<LateHook> {
        let pick_up = || self.pick_up.clone().map(LateHook::new);
        self.late.clone().or_else(pick_up)
    }
}

impl<H> Layer<H> for DeadlineLayer {
    type Service = Deadline<H>;

    fn layer(&self, inner: H) -> Deadline<H> {
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
