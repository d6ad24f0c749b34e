//! How the work on a message ends other than with a reply.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower::Service;
use tower::util::Oneshot;

use crate::callback::{IntoReply, Message, Reply};
use crate::error::BoxError;
use crate::panic::contain;
use crate::runtime::BoxFuture;

/// A limit was reached: more messages are being worked on than is allowed.
///
/// [`Callback`](crate::Callback) answers 503 at once, wherever in the chain of sources the error
/// is, and the platform sends the push again. A handler of the host may fail with it too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overloaded {}

impl Overloaded {
    /// The error.
    pub fn new() -> Self {
        Self {}
    }

    /// Whether `error` is one, or has one among its sources.
    pub(crate) fn caused(error: &BoxError) -> bool {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
        while let Some(error) = source {
            if error.is::<Self>() {
                return true;
            }
            source = match error.downcast_ref::<HandlerError>() {
                Some(HandlerError(inner)) => Some(&**inner),
                None => error.source(),
            };
        }
        false
    }
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many messages are being worked on")
    }
}

impl std::error::Error for Overloaded {}

/// The error of a handler behind [`Once`](super::once::Once) or
/// [`Deadline`](super::deadline::Deadline): it prints and is as that error.
// A type without a lifetime: with `BoxError` in its place, the compiler cannot prove that a future
// with the service in it is `Send` ("implementation of `From` is not general enough").
pub struct HandlerError(BoxError);

impl HandlerError {
    /// Wraps the handler's own error, once.
    pub(crate) fn new(error: BoxError) -> Self {
        error.downcast().map_or_else(Self, |wrapped| *wrapped)
    }

    /// The handler's own error, or one such as [`Overloaded`].
    pub fn get_ref(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.0
    }

    /// The same, taken out.
    pub fn into_inner(self) -> BoxError {
        self.0
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for HandlerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// The handler panicked.
#[derive(Debug)]
pub(crate) struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler panicked")
    }
}

impl std::error::Error for Panicked {}

/// The handler, or a hook for late replies, ran for longer than it may.
#[derive(Debug)]
pub(crate) struct Outlived;

impl fmt::Display for Outlived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it ran for longer than max_life")
    }
}

impl std::error::Error for Outlived {}

/// Work that ends with something, or not; it never panics when it is polled with [`poll_work`].
pub(crate) type Work<T> = BoxFuture<'static, Result<T, BoxError>>;

pin_project! {
    /// The answer of a handler to a message. An async function would hold the message twice.
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

/// Polls, and makes an error of a panic. The work must not be polled again once it is ready.
pub(crate) fn poll_work<T>(
    work: Pin<&mut (impl Future<Output = Result<T, BoxError>> + ?Sized)>,
    cx: &mut Context<'_>,
) -> Poll<Result<T, BoxError>> {
    contain(|| work.poll(cx)).unwrap_or_else(|_| Poll::Ready(Err(Panicked.into())))
}

/// The end of the work, a panic being an error.
pub(crate) async fn end_of<T>(mut work: Work<T>) -> Result<T, BoxError> {
    poll_fn(|cx| poll_work(work.as_mut(), cx)).await
}
