//! The handler that answers a signed-in user.

use http::Response;
use http::request::Parts;

use super::{SignInFn, SignedIn};

/// Creates a handler for [`OAuthService::new`](super::OAuthService::new) from an async function.
/// For a handler that can fail, use tower's `service_fn` over a request whose body is the user.
///
/// The function gets the user and the head of the browser's request, with its headers and the
/// extensions set by the application's layers, such as a session. It may return any body of up to
/// 1 MiB, such as axum's `Redirect` or `Html`.
///
/// ```
/// use http::request::Parts;
/// use http::{HeaderValue, header};
/// use tower_wechat::oauth::{SignedIn, sign_in_fn};
///
/// let handler = sign_in_fn(|signed_in: SignedIn, _request: Parts| async move {
///     let mut response = signed_in.redirect();
///     // The application's session for signed_in.openid().
///     let cookie = HeaderValue::from_static("session=…; Path=/; HttpOnly; Secure");
///     response.headers_mut().append(header::SET_COOKIE, cookie);
///     response
/// });
/// ```
pub fn sign_in_fn<F, Fut, B>(f: F) -> SignInFn<F>
where
    F: Fn(SignedIn, Parts) -> Fut + Clone,
    Fut: Future<Output = Response<B>> + Send + 'static,
{
    SignInFn::new(f)
}
