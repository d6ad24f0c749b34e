//! The configuration of [`InboxService`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt};

use super::deliver::Delivery;
use super::{Inbox, InboxService};
use crate::callback::deadline::{LateHook, LateReply, MAX_LIFE};
use crate::callback::{IntoReply, Message};
use crate::error::BoxError;
use crate::runtime::{Runtime, SharedRuntime};

/// A layer that stores each message, acknowledges it at once, and runs the handler afterwards: the
/// always mode of the [inbox](super).
///
/// ```no_run
/// # fn routes(wechat: tower_wechat::Wechat) -> Result<(), tower_wechat::Error> {
/// use tower_wechat::callback::deadline::CustomerService;
/// use tower_wechat::callback::inbox::{Inbox, InboxLayer};
/// use tower_wechat::{Message, handler_fn};
///
/// async fn on_message(message: Message) -> String {
///     // … as long as it takes …
///     "done".to_owned()
/// }
///
/// let inbox = Inbox::open("data/inbox.redb")?;
/// let layer = InboxLayer::new(inbox).late(CustomerService::new(wechat.clone()));
/// let routes = wechat.routes().on_message_stored(layer, handler_fn(on_message));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct InboxLayer(pub(super) Arc<Config>);

#[derive(Clone)]
pub(super) struct Config {
    pub(super) inbox: Inbox,
    pub(super) late: Option<LateHook>,
    pub(super) max_life: Duration,
    pub(super) runtime: Option<SharedRuntime>,
}

impl InboxLayer {
    /// Stores messages in `inbox`.
    pub fn new(inbox: Inbox) -> Self {
        Self(Arc::new(Config {
            inbox,
            late: None,
            max_life: MAX_LIFE,
            runtime: None,
        }))
    }

    /// Sets the hook that sends the replies, since every reply is late: see
    /// [`DeadlineLayer::late`](crate::callback::deadline::DeadlineLayer::late).
    ///
    /// After an error of the hook, the reply is sent again later, without another run of the
    /// handler.
    pub fn late<S>(self, hook: S) -> Self
    where
        S: Service<LateReply> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let hook = hook.map_response(drop).map_err(Into::into);
        self.with(|config| config.late = Some(BoxCloneSyncService::new(hook)))
    }

    /// Sets how long a handler may run. Defaults to ten minutes. A handler that runs longer is
    /// dropped, which is a failure. The same limit applies again to the late-reply hook.
    pub fn max_life(self, life: Duration) -> Self {
        self.with(|config| config.max_life = life)
    }

    /// Sets the runtime for the workers. Defaults to the caller's tokio runtime.
    ///
    /// Without a runtime, no message is stored: each push fails with
    /// [`NotStored`](super::NotStored).
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        let runtime = SharedRuntime::new(runtime);
        self.with(|config| config.runtime = Some(runtime))
    }

    /// Uses `runtime` if no runtime is set.
    pub(crate) fn or_runtime(self, runtime: &SharedRuntime) -> Self {
        match self.0.runtime {
            Some(_) => self,
            None => self.with(|config| config.runtime = Some(runtime.clone())),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Config {
    pub(super) fn delivery(&self, runtime: SharedRuntime) -> Delivery {
        Delivery {
            late: self.late.clone(),
            max_life: self.max_life,
            runtime,
        }
    }
}

impl<H> Layer<H> for InboxLayer
where
    H: Service<Message> + Clone + Send + 'static,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    type Service = InboxService<H>;

    /// Wraps a handler, and starts to work through what is stored. Outside of a runtime, this starts
    /// with the first message.
    fn layer(&self, inner: H) -> InboxService<H> {
        let service = InboxService {
            inner,
            config: Arc::clone(&self.0),
        };
        service.start();
        service
    }
}

impl fmt::Debug for InboxLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxLayer")
            .field("inbox", &self.0.inbox)
            .field("late", &self.0.late.is_some())
            .field("max_life", &self.0.max_life)
            .finish_non_exhaustive()
    }
}
