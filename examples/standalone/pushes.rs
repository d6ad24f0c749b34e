//! The handlers of pushes, their deadlines and their inbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer, HandlerTracker};
use tower_wechat::callback::inbox::{Inbox, InboxLayer};
use tower_wechat::{BoxError, IntoReply, Message, Reply, Wechat, handler_fn};

use crate::config::{InboxMode, Pushes, Replies};

/// A boxed handler of pushes.
pub(crate) type Handler = BoxCloneSyncService<Message, Reply, BoxError>;

pub(crate) fn boxed<H>(handler: H) -> Handler
where
    H: Service<Message, Response: IntoReply, Error: Into<BoxError>, Future: Send>,
    H: Clone + Send + Sync + 'static,
{
    let handler = handler.map_err(Into::into);
    BoxCloneSyncService::new(handler.map_result(|answer: Result<_, BoxError>| answer?.into_reply()))
}

/// A handler that replies with the fixed texts of the settings.
pub(crate) fn fixed(replies: Replies) -> Handler {
    let replies = Arc::new(replies);
    boxed(handler_fn(move |message: Message| {
        let reply = replies.to(&message);
        async move { reply }
    }))
}

/// A handler that answers `success`. The crate logs each push.
pub(crate) fn acknowledged() -> Handler {
    boxed(handler_fn(|_: Message| async { Reply::none() }))
}

/// Wraps the handler with the inbox, if there is one, and with each app's deadline.
pub(crate) fn in_time(
    wechat: &Wechat,
    apps: &[Pushes],
    handlers: &HandlerTracker,
    inbox: Option<(Inbox, InboxMode)>,
    handler: Handler,
) -> Handler {
    let late = CustomerService::new(wechat.clone());
    let deadline = |deadline: DeadlineLayer| deadline.handlers(handlers).late(late.clone());
    match inbox {
        // All pushes are answered at once, so there is no deadline.
        Some((inbox, InboxMode::Always)) => {
            let layer = InboxLayer::new(inbox).late(late);
            boxed(layer.layer(handler))
        }
        Some((inbox, InboxMode::Spill)) => {
            by_app(apps, &handler, |layer| deadline(layer).inbox(inbox.clone()))
        }
        None => by_app(apps, &handler, deadline),
    }
}

/// Wraps the handler with each app's deadline. Apps without settings, such as the sandbox's, get
/// the default one.
fn by_app(
    apps: &[Pushes],
    handler: &Handler,
    with: impl Fn(DeadlineLayer) -> DeadlineLayer,
) -> Handler {
    let layer = |deadline: DeadlineLayer| boxed(with(deadline).layer(handler.clone()));
    let of_app = |app: &Pushes| app.deadline().map_or_else(|| handler.clone(), layer);
    let by_app = apps.iter().map(|app| (app.appid.clone(), of_app(app)));
    let by_app: Arc<BTreeMap<String, Handler>> = Arc::new(by_app.collect());
    let default = layer(DeadlineLayer::ack());
    boxed(service_fn(move |message: Message| {
        let handler = by_app.get(message.appid().as_str()).unwrap_or(&default);
        handler.clone().oneshot(message)
    }))
}
