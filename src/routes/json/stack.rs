//! The layers of tower-http around each JSON route, and around the 404 of an unknown one.
//!
//! `wxmsg` has no layer. No layer marks `Authorization` as sensitive: nothing inside logs headers,
//! and a layer outside has already seen them.

use std::convert::Infallible;

use http::{Request, Response};
use tower::{Service, ServiceBuilder};
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};

use super::Served;
use crate::body::Body;
use crate::routes::request_id;

/// Passes a request to `inner`, which is always ready.
pub(in crate::routes) fn call<S, B>(inner: S, request: Request<B>) -> Served
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    let mut stack = ServiceBuilder::new()
        // Outside of `SetRequestId`, which keeps any id.
        .map_request(request_id::remove_illegal)
        // Outside of the span and the envelope, which have the id. Keeps the id of a layer outside.
        .layer(SetRequestIdLayer::x_request_id(request_id::Make))
        // Outside of what contains panics, so that every answer has the id.
        .layer(PropagateRequestIdLayer::x_request_id())
        .service(inner);
    Box::pin(stack.call(request))
}
