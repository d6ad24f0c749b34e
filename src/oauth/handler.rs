//! What answers a user who has signed in.

use http::Response;

use super::{SignInFn, SignedIn};
use crate::body::Body;

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
    SignInFn::new(f)
}
