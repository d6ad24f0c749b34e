//! What answers a user who has signed in.

use std::convert::Infallible;
use std::fmt;
use std::task::{Context, Poll};

use http::Response;
use tower::Service;

use super::SignedIn;
use crate::body::Body;
use crate::runtime::BoxFuture;

/// Makes a handler of an async function, as [`OAuthService::new`](super::OAuthService::new) takes
/// it. For one that can fail there is tower's own `service_fn`.
///
/// ```
/// use http::{HeaderValue, header};
/// use tower_wechat::oauth::{SignedIn, sign_in_fn};
///
/// let handler = sign_in_fn(|signed_in: SignedIn| async move {
///     let mut response = signed_in.redirect();
///     // A session of the host's own, made for signed_in.openid().
///     let cookie = HeaderValue::from_static("session=…; Path=/; HttpOnly; Secure");
///     response.headers_mut().append(header::SET_COOKIE, cookie);
///     response
/// });
/// ```
pub fn sign_in_fn<F, Fut>(f: F) -> SignInFn<F>
where
    F: Fn(SignedIn) -> Fut + Clone,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    SignInFn { f }
}

/// The handler of [`sign_in_fn`].
#[derive(Clone, Copy)]
pub struct SignInFn<F> {
    f: F,
}

impl<F, Fut> Service<SignedIn> for SignInFn<F>
where
    F: Fn(SignedIn) -> Fut + Clone,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, signed_in: SignedIn) -> Self::Future {
        let answer = (self.f)(signed_in);
        Box::pin(async move { Ok(answer.await) })
    }
}

impl<F> fmt::Debug for SignInFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInFn")
    }
}
