//! Handlers that answer a browser.

use std::convert::Infallible;
use std::fmt;
use std::task::{Context, Poll};

use http::Response;
use tower::Service;

use crate::body::Body;
use crate::runtime::BoxFuture;

/// The handler that [`sign_in_fn`](crate::oauth::sign_in_fn) or
/// [`scanned_fn`](crate::scan_login::scanned_fn) makes of an async function.
#[derive(Clone, Copy)]
pub struct AnswerFn<F> {
    f: F,
}

impl<F> AnswerFn<F> {
    pub(crate) fn new(f: F) -> Self {
        Self { f }
    }
}

impl<F, Fut, T> Service<T> for AnswerFn<F>
where
    F: Fn(T) -> Fut + Clone,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, user: T) -> Self::Future {
        let answer = (self.f)(user);
        Box::pin(async move { Ok(answer.await) })
    }
}

impl<F> fmt::Debug for AnswerFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerFn")
    }
}
