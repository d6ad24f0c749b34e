//! What answers the page of a user who scanned.

use std::convert::Infallible;
use std::fmt;
use std::task::{Context, Poll};

use http::Response;
use tower::Service;

use super::store::ScannedUser;
use crate::body::Body;
use crate::runtime::BoxFuture;

/// Makes a handler of an async function, as [`ScanLogin::service`](super::ScanLogin::service)
/// takes it. For one that can fail there is tower's own `service_fn`.
pub fn scanned_fn<F, Fut>(f: F) -> ScannedFn<F>
where
    F: Fn(ScannedUser) -> Fut + Clone,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    ScannedFn { f }
}

/// The handler of [`scanned_fn`].
#[derive(Clone, Copy)]
pub struct ScannedFn<F> {
    f: F,
}

impl<F, Fut> Service<ScannedUser> for ScannedFn<F>
where
    F: Fn(ScannedUser) -> Fut + Clone,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, user: ScannedUser) -> Self::Future {
        let answer = (self.f)(user);
        Box::pin(async move { Ok(answer.await) })
    }
}

impl<F> fmt::Debug for ScannedFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScannedFn")
    }
}
