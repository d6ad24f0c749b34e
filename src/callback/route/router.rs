//! The router of messages.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::{Service, ServiceExt};

use crate::callback::handler::IntoReply;
use crate::callback::route::Pattern;
use crate::callback::{Message, Reply};
use crate::error::BoxError;
use crate::runtime::BoxFuture;

/// A handler that dispatches each message to the first handler whose pattern matches.
///
/// Patterns are tested in the order they were added. A message that matches none goes to the
/// [`fallback`](Self::fallback). Without a fallback, it is answered with [`Reply::none`].
///
/// A router is a `tower::Service<Message>`, so it can be passed to `Callback::new`, wrapped in
/// layers, or nested in another router. Only the selected handler is polled for readiness. Clones
/// share the handlers, and each message is handled by a clone of its handler. An error or a panic
/// of a handler affects only its message.
///
/// See the [module documentation](crate::callback::route) for an example.
#[derive(Clone, Default)]
pub struct Router {
    routes: Arc<Routes>,
}

#[derive(Clone, Default)]
struct Routes {
    routes: Vec<(Pattern, Arc<dyn Handle>)>,
    fallback: Option<Arc<dyn Handle>>,
}

impl Router {
    /// Creates a router without handlers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler for messages that match `pattern` and no earlier pattern.
    #[must_use]
    pub fn on<H>(mut self, pattern: Pattern, handler: H) -> Self
    where
        H: Service<Message> + Clone + Send + Sync + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        let routes = &mut Arc::make_mut(&mut self.routes).routes;
        routes.push((pattern, Arc::new(Handler(handler))));
        self
    }

    /// Sets the handler for messages that match no pattern.
    #[must_use]
    pub fn fallback<H>(mut self, handler: H) -> Self
    where
        H: Service<Message> + Clone + Send + Sync + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        Arc::make_mut(&mut self.routes).fallback = Some(Arc::new(Handler(handler)));
        self
    }
}

impl Routes {
    fn find(&self, message: &Message) -> Option<&dyn Handle> {
        let mut routes = self.routes.iter();
        let route = routes.find(|(pattern, _)| pattern.matches(message));
        route
            .map(|(_, handler)| handler)
            .or(self.fallback.as_ref())
            .map(|handler| &**handler)
    }
}

impl Service<Message> for Router {
    type Response = Reply;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Reply, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, message: Message) -> Self::Future {
        match self.routes.find(&message) {
            Some(handler) => handler.handle(message),
            None => Box::pin(std::future::ready(Ok(Reply::none()))),
        }
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("routes", &self.routes.routes.len())
            .field("fallback", &self.routes.fallback.is_some())
            .finish()
    }
}

/// An object-safe handler.
trait Handle: Send + Sync {
    fn handle(&self, message: Message) -> BoxFuture<'static, Result<Reply, BoxError>>;
}

struct Handler<H>(H);

impl<H> Handle for Handler<H>
where
    H: Service<Message> + Clone + Send + Sync + 'static,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    fn handle(&self, message: Message) -> BoxFuture<'static, Result<Reply, BoxError>> {
        let answer = self.0.clone().oneshot(message);
        Box::pin(async move { answer.await.map_err(Into::into)?.into_reply() })
    }
}
