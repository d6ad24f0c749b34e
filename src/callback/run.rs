//! Runs a handler and turns a panic into an error.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower::Service;
use tower::util::Oneshot;

use crate::callback::error::Panicked;
use crate::callback::{IntoReply, Message, Reply};
use crate::error::BoxError;
use crate::panic::contain;
use crate::runtime::BoxFuture;

/// Work with a result. Poll it with [`poll_work`], which contains its panics. It is boxed, because
/// work that was polled in place may have to move to a task.
pub(crate) type Work<T> = BoxFuture<'static, Result<T, BoxError>>;

pin_project! {
    /// A handler's reply to a message. An async fn would store the message twice.
    pub(crate) struct Answer<H: Service<Message>> {
        #[pin]
        oneshot: Oneshot<H, Message>,
    }
}

impl<H: Service<Message>> Answer<H> {
    pub(crate) fn new(handler: H, message: Message) -> Self {
        Self {
            oneshot: Oneshot::new(handler, message),
        }
    }
}

impl<H> Future for Answer<H>
where
    H: Service<Message>,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
{
    type Output = Result<Reply, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.project().oneshot.poll(cx));
        Poll::Ready(answer.map_err(Into::into)?.into_reply())
    }
}

/// Polls the work and turns a panic into an error. Must not be called again after completion.
pub(crate) fn poll_work<T>(
    work: Pin<&mut (impl Future<Output = Result<T, BoxError>> + ?Sized)>,
    cx: &mut Context<'_>,
) -> Poll<Result<T, BoxError>> {
    contain(|| work.poll(cx)).unwrap_or_else(|_| Poll::Ready(Err(Panicked.into())))
}

/// Runs the work to its end and turns a panic into an error.
pub(crate) async fn end_of<T>(mut work: Work<T>) -> Result<T, BoxError> {
    poll_fn(|cx| poll_work(work.as_mut(), cx)).await
}
