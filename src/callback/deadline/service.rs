//! The service of [`DeadlineLayer`](super::DeadlineLayer).

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::Service;

use super::layer::Config;
use super::working::Working;
use super::{DeadlineFuture, HandlerTracker};
use crate::accessors::inner_service_accessors;
use crate::callback::run::{Answer, Work};
use crate::callback::{HandlerError, IntoReply, Message, Reply};
use crate::error::BoxError;

/// A service that answers for its handler when that is late; made by
/// [`DeadlineLayer`](super::DeadlineLayer).
#[derive(Clone)]
pub struct Deadline<H> {
    pub(super) inner: H,
    pub(super) config: Arc<Config>,
}

impl<H> Deadline<H> {
    inner_service_accessors!(inner: H);

    /// Returns the tracker of the running handlers, to wait for them at shutdown.
    pub fn handlers(&self) -> &HandlerTracker {
        &self.config.handlers
    }
}

impl<H> Service<Message> for Deadline<H>
where
    H: Service<Message> + Clone + Send + 'static,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    type Response = Reply;
    type Error = HandlerError;
    type Future = DeadlineFuture;

    /// Always ready: the time until the handler is ready counts towards the deadline.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, message: Message) -> DeadlineFuture {
        match self.config.handlers.enter(message.appid()) {
            Err(overloaded) => DeadlineFuture::refused(overloaded),
            Ok(entered) => {
                let config = Arc::clone(&self.config);
                config.spill.start(&self.inner, &config);
                let work = || -> Work<Reply> {
                    Box::pin(Answer::new(self.inner.clone(), message.clone()))
                };
                let (work, spilled) = config.spill.begin(&message, config.runtime.as_ref(), work);
                DeadlineFuture::new(Working::new(work, message, config, entered, spilled))
            }
        }
    }
}

impl<H> fmt::Debug for Deadline<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline")
            .field("after", &self.config.after)
            .field("handlers", &self.config.handlers)
            .finish_non_exhaustive()
    }
}
