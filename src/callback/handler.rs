//! Handlers: services that answer a message.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower::Service;

use crate::callback::{Message, Reply};
use crate::error::BoxError;

/// Converts a handler's return value into a [`Reply`].
///
/// `()` and `None` become [`Reply::none`], and a text becomes [`Reply::text`]. After an error, the
/// platform retries the push.
pub trait IntoReply {
    /// Converts the value into a reply.
    ///
    /// # Errors
    /// Returns the error of the handler.
    fn into_reply(self) -> Result<Reply, BoxError>;
}

impl IntoReply for () {
    fn into_reply(self) -> Result<Reply, BoxError> {
        Ok(Reply::none())
    }
}

impl IntoReply for &'static str {
    fn into_reply(self) -> Result<Reply, BoxError> {
        Ok(Reply::text(self))
    }
}

impl IntoReply for String {
    fn into_reply(self) -> Result<Reply, BoxError> {
        Ok(Reply::text(self))
    }
}

impl<R: IntoReply> IntoReply for Option<R> {
    fn into_reply(self) -> Result<Reply, BoxError> {
        self.map_or_else(|| Ok(Reply::none()), R::into_reply)
    }
}

impl<R: IntoReply, E: Into<BoxError>> IntoReply for Result<R, E> {
    fn into_reply(self) -> Result<Reply, BoxError> {
        self.map_err(Into::into)?.into_reply()
    }
}

/// Creates a handler for `Callback::new` from an async function.
///
/// A handler is a `tower::Service<Message>`, so tower's layers can be applied to it.
///
/// ```
/// use tower_wechat::{BoxError, Message, Reply, handler_fn};
///
/// async fn on_message(msg: Message) -> Result<Option<Reply>, BoxError> {
///     Ok(msg.field("Content").map(|content| Reply::text(content.to_uppercase())))
/// }
/// let handler = handler_fn(on_message);
///
/// let quiet = handler_fn(|_: Message| async {});
/// ```
pub fn handler_fn<F, Fut, R>(f: F) -> HandlerFn<F>
where
    F: Fn(Message) -> Fut + Clone,
    Fut: Future<Output = R> + Send,
    R: IntoReply,
{
    HandlerFn { f }
}

/// The handler made by [`handler_fn`].
#[derive(Clone, Copy)]
pub struct HandlerFn<F> {
    f: F,
}

impl<F, Fut, R> Service<Message> for HandlerFn<F>
where
    F: Fn(Message) -> Fut + Clone,
    Fut: Future<Output = R> + Send,
    R: IntoReply,
{
    type Response = R;
    type Error = Infallible;
    type Future = HandlerFuture<Fut>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, message: Message) -> HandlerFuture<Fut> {
        HandlerFuture {
            future: (self.f)(message),
        }
    }
}

impl<F> fmt::Debug for HandlerFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandlerFn")
    }
}

pin_project! {
    /// The future of [`HandlerFn`].
    pub struct HandlerFuture<Fut> {
        #[pin]
        future: Fut,
    }
}

impl<Fut: Future> Future for HandlerFuture<Fut> {
    type Output = Result<Fut::Output, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx).map(Ok)
    }
}

impl<Fut> fmt::Debug for HandlerFuture<Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandlerFuture")
    }
}
