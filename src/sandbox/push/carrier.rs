//! The transport of pushes.

use ::http::{Request, Response};
use bytes::Bytes;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::body::Body;
use crate::error::BoxError;

/// A transport that sends pushes to callback URLs.
pub(in crate::sandbox) type Carrier =
    BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// Adapts a carrier to the target of a push.
pub(in crate::sandbox) fn through(
    carrier: Carrier,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = BoxError, Future: Send> + Clone + Send
{
    carrier
        .map_request(|request: Request<Body>| request.map(Body::into_bytes))
        .map_response(|response: Response<Bytes>| response.map(Body::from))
}
