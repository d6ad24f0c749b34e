//! The handlers of pushes, and their deadlines.

use std::collections::BTreeMap;
use std::sync::Arc;

use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer, HandlerTracker};
use tower_wechat::{BoxError, IntoReply, Message, Reply, Wechat, handler_fn};

use crate::config::{Pushes, Replies};

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

/// Wraps the handler with each app's deadline. Apps without settings, such as the sandbox's, get
/// the default one.
pub(crate) fn in_time(
    wechat: &Wechat,
    apps: &[Pushes],
    handlers: &HandlerTracker,
    handler: Handler,
) -> Handler {
    let layer = |deadline: DeadlineLayer| {
        let deadline = deadline.late(CustomerService::new(wechat.clone()));
        boxed(deadline.handlers(handlers).layer(handler.clone()))
    };
    let of_app = |app: &Pushes| app.deadline().map_or_else(|| handler.clone(), layer);
    let by_app = apps.iter().map(|app| (app.appid.clone(), of_app(app)));
    let by_app: Arc<BTreeMap<String, Handler>> = Arc::new(by_app.collect());
    let default = layer(DeadlineLayer::ack());
    boxed(service_fn(move |message: Message| {
        let handler = by_app.get(message.appid().as_str()).unwrap_or(&default);
        handler.clone().oneshot(message)
    }))
}
