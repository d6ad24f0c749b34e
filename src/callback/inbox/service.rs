//! The service of [`InboxLayer`](super::InboxLayer).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::Service;

use super::layer::Config;
use super::store::{Entry, EntryKey};
use super::{NotStored, held, payload};
use crate::accessors::inner_service_accessors;
use crate::callback::run::{Answer, Work, poll_work};
use crate::callback::{HandlerError, IntoReply, Message, Reply};
use crate::error::BoxError;
use crate::runtime::SharedRuntime;

/// A service that stores messages for its handler; made by [`InboxLayer`](super::InboxLayer).
#[derive(Clone)]
pub struct InboxService<H> {
    pub(super) inner: H,
    pub(super) config: Arc<Config>,
}

impl<H> InboxService<H> {
    inner_service_accessors!(inner: H);
}

impl<H> InboxService<H>
where
    H: Service<Message> + Clone + Send + 'static,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    /// Starts the workers, if there is a runtime and they are not started.
    pub(super) fn start(&self) {
        let Config { inbox, runtime, .. } = &*self.config;
        let delivery = |runtime| self.config.delivery(runtime);
        inbox.start(&self.inner, runtime.as_ref(), delivery);
    }
}

impl<H> Service<Message> for InboxService<H>
where
    H: Service<Message> + Clone + Send + 'static,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    type Response = Reply;
    type Error = HandlerError;
    type Future = InboxFuture;

    /// Always ready: the handler's readiness is awaited when a message runs.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, message: Message) -> InboxFuture {
        let work: Work<Reply> = if self.config.inbox.runs_inline(&message) {
            Box::pin(Answer::new(self.inner.clone(), message))
        } else {
            self.start();
            Box::pin(keep(Arc::clone(&self.config), message))
        };
        InboxFuture { work }
    }
}

/// Stores a message. Its push may then be acknowledged.
async fn keep(config: Arc<Config>, message: Message) -> Result<Reply, BoxError> {
    let Config { inbox, runtime, .. } = &*config;
    let key = EntryKey::from_message(&message);
    let Some(runtime) = SharedRuntime::or_current(runtime.as_ref()) else {
        let error = NotStored::no_runtime();
        held::refused(inbox, &key.appid, &error);
        return Err(error.into());
    };
    let entry = Entry::new(key, payload::encode(&message, None));
    held::store(inbox, &entry, None, Some(&runtime)).await?;
    inbox.core().arrived.notify_one();
    Ok(Reply::none())
}

impl<H> fmt::Debug for InboxService<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxService")
            .field("inbox", &self.config.inbox)
            .finish_non_exhaustive()
    }
}

/// The future of [`InboxService`].
pub struct InboxFuture {
    work: Work<Reply>,
}

impl Future for InboxFuture {
    type Output = Result<Reply, HandlerError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_work(self.work.as_mut(), cx).map_err(HandlerError::new)
    }
}

impl fmt::Debug for InboxFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InboxFuture")
    }
}
