//! What answers the page of a user who scanned.

use http::Response;

use super::{ScannedFn, ScannedUser};
use crate::body::Body;

/// Makes a handler of an async function, as [`ScanLogin::service`](super::ScanLogin::service)
/// takes it. For one that can fail there is tower's own `service_fn`.
pub fn scanned_fn<F, Fut>(f: F) -> ScannedFn<F>
where
    F: Fn(ScannedUser) -> Fut + Clone,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    ScannedFn::new(f)
}
