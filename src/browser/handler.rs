//! Handlers that respond to browsers.

use std::convert::Infallible;
use std::fmt;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Limited};
use tower::Service;

use crate::body::Body;
use crate::error::{BoxError, chain};
use crate::runtime::BoxFuture;

/// A handler made from an async function by [`sign_in_fn`](crate::oauth::sign_in_fn) or
/// [`scanned_fn`](crate::scan_login::scanned_fn).
#[derive(Clone, Copy)]
pub struct AnswerFn<F> {
    f: F,
}

impl<F> AnswerFn<F> {
    pub(crate) fn new(f: F) -> Self {
        Self { f }
    }
}

impl<F, Fut, T, B> Service<Request<T>> for AnswerFn<F>
where
    F: Fn(T, Parts) -> Fut + Clone,
    Fut: Future<Output = Response<B>> + Send + 'static,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<T>) -> Self::Future {
        let (parts, user) = request.into_parts();
        let answer = (self.f)(user, parts);
        Box::pin(async move { Ok(answer.await) })
    }
}

/// The maximum size of a handler's response body, in bytes.
const ANSWER_MAX: usize = 1 << 20;

/// A handler's response body could not be read.
#[derive(Debug)]
pub(crate) struct Unread;

/// Reads the body of a handler's response into memory. It is a redirect or a small page.
pub(crate) async fn whole<B>(answer: Response<B>) -> Result<Response<Body>, Unread>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_MAX).collect().await;
    let body = body.map_err(|error| {
        tracing::error!(
            error = chain(&*error),
            "could not read a response body, or it is longer than {ANSWER_MAX} bytes"
        );
        Unread
    })?;
    Ok(Response::from_parts(parts, body.to_bytes().into()))
}

impl<F> fmt::Debug for AnswerFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerFn")
    }
}
