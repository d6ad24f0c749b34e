//! What answers a user who has signed in.

use http::Response;
use http::request::Parts;

use super::{SignInFn, SignedIn};

/// Makes a handler of an async function, as [`OAuthService::new`](super::OAuthService::new) takes
/// it. For one that can fail there is tower's own `service_fn`, over a request whose body is the
/// user.
///
/// The function gets the user and the rest of the browser's request: its headers, and whatever
/// the host's layers put into its extensions, such as a session. It may answer with any body of up to
/// 1 MiB, so that axum's `Redirect` or `Html` do.
///
/// ```
/// use http::request::Parts;
/// use http::{HeaderValue, header};
/// use tower_wechat::oauth::{SignedIn, sign_in_fn};
///
/// let handler = sign_in_fn(|signed_in: SignedIn, _request: Parts| async move {
///     let mut response = signed_in.redirect();
///     // A session of the host's own, made for signed_in.openid().
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
