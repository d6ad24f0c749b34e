//! What carries pushes to addresses.

use ::http::{Request, Response};
use bytes::Bytes;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::body::Body;
use crate::error::BoxError;

/// What carries pushes to addresses.
pub(in crate::sandbox) type Carrier =
    BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// A carrier as a target of pushes.
pub(in crate::sandbox) fn through(
    carrier: Carrier,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = BoxError, Future: Send> + Clone + Send
{
    carrier
        .map_request(|request: Request<Body>| request.map(Body::into_bytes))
        .map_response(|response: Response<Bytes>| response.map(Body::from))
}
