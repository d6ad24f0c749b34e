//! Who answers pushes, and in time.

use std::collections::BTreeMap;
use std::sync::Arc;

use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer, HandlerTracker};
use tower_wechat::{BoxError, IntoReply, Message, Reply, Wechat, handler_fn};

use crate::config::{Pushes, Replies};

/// What answers a push.
pub(crate) type Handler = BoxCloneSyncService<Message, Reply, BoxError>;

pub(crate) fn boxed<H>(handler: H) -> Handler
where
    H: Service<Message, Response: IntoReply, Error: Into<BoxError>, Future: Send>,
    H: Clone + Send + Sync + 'static,
{
    let handler = handler.map_err(Into::into);
    BoxCloneSyncService::new(handler.map_result(|answer: Result<_, BoxError>| answer?.into_reply()))
}

/// Answers with the fixed texts of the file.
pub(crate) fn fixed(replies: Replies) -> Handler {
    let replies = Arc::new(replies);
    boxed(handler_fn(move |message: Message| {
        let reply = replies.to(&message);
        async move { reply }
    }))
}

/// Answers `success`: the crate's own line in the log tells of each push.
pub(crate) fn acknowledged() -> Handler {
    boxed(handler_fn(|_: Message| async { Reply::none() }))
}

/// The handler with each app's own deadline.
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
