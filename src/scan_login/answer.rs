//! What answers the page of a user who scanned.

use http::Response;
use http::request::Parts;

use super::{ScannedFn, ScannedUser};

/// Makes a handler of an async function, as [`ScanLogin::service`](super::ScanLogin::service)
/// takes it. It gets the user and the rest of the page's request, and may answer with any body of up
/// to 1 MiB, as [`sign_in_fn`](crate::oauth::sign_in_fn) does. For one that can fail there is tower's
/// own `service_fn`, over a request whose body is the user.
pub fn scanned_fn<F, Fut, B>(f: F) -> ScannedFn<F>
where
    F: Fn(ScannedUser, Parts) -> Fut + Clone,
    Fut: Future<Output = Response<B>> + Send + 'static,
{
    ScannedFn::new(f)
}
