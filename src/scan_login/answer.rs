//! The handler that answers the page of a user who scanned.

use http::Response;
use http::request::Parts;

use super::{ScannedFn, ScannedUser};

/// Creates a handler for [`ScanLogin::service`](super::ScanLogin::service) from an async function.
///
/// The function gets the user and the head of the page's request. It may return any body of up to
/// 1 MiB, as with [`sign_in_fn`](crate::oauth::sign_in_fn). For a handler that can fail, use
/// tower's `service_fn` over a request whose body is the user.
pub fn scanned_fn<F, Fut, B>(f: F) -> ScannedFn<F>
where
    F: Fn(ScannedUser, Parts) -> Fut + Clone,
    Fut: Future<Output = Response<B>> + Send + 'static,
{
    ScannedFn::new(f)
}
