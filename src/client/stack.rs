//! The order of the layers, and why.

use bytes::Bytes;
use http::{Request, Response};
use tower::ServiceBuilder;
use tower::retry::RetryLayer;
use tower::util::BoxCloneSyncService;

use super::{AuthLayer, BaseUriLayer, Hosts, RetryPolicy, TraceLayer, TransportLayer};
use crate::clock::SharedClock;
use crate::error::{BoxError, Error};
use crate::token::Tokens;

/// The stack as the crate keeps it.
pub(crate) type Outbound = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, Error>;

/// The lowest service, with whatever error it has.
pub(super) type Leaf = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// What carries a finished request to the platform.
pub(super) fn wire(
    transport: TransportLayer,
    hosts: Hosts,
    clock: SharedClock,
    leaf: Leaf,
) -> Outbound {
    let wire = ServiceBuilder::new()
        // Below auth: no credential is added before the host is known to be the platform's.
        // Below retry: what is made again goes to another host if this one failed.
        .layer(BaseUriLayer::shared(hosts, clock))
        // The deadline is that of one exchange; several make up a call that is repeated.
        .layer(transport)
        .service(leaf);
    BoxCloneSyncService::new(wire)
}

/// The stack that fetches tokens: all but auth, which would ask for a token to fetch one.
pub(super) fn for_tokens(retry: RetryPolicy, wire: Outbound) -> Outbound {
    let stack = ServiceBuilder::new()
        .layer(TraceLayer::new())
        .layer(RetryLayer::new(retry))
        .service(wire);
    BoxCloneSyncService::new(stack)
}

/// The stack of every other call.
pub(super) fn for_calls(retry: RetryPolicy, tokens: Tokens, wire: Outbound) -> Outbound {
    let stack = ServiceBuilder::new()
        // Outermost: one span a call, however often it is sent.
        .layer(TraceLayer::new())
        // Above auth: each attempt asks for the token anew, since it may have died in the pause.
        .layer(RetryLayer::new(retry))
        .layer(AuthLayer::new(tokens))
        .service(wire);
    BoxCloneSyncService::new(stack)
}
