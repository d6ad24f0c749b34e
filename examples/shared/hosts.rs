//! Rejects requests whose `Host` names another machine.
//!
//! Other machines can't reach a server on loopback, but the browser on this machine can: a web page
//! can point its domain at 127.0.0.1 and send requests there (DNS rebinding). Such requests carry
//! that domain in `Host`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

/// The body of a rejection.
const REFUSAL: &str = "The Host header must be localhost, an address in 127.0.0.0/8, or [::1]. The \
                       standalone server also accepts the names in access.hosts.\n";

/// Restricts a router to requests for this machine and for `hosts`. Does nothing if it listens on
/// another address than loopback and `hosts` is empty.
pub(crate) fn check(router: Router, listen: SocketAddr, hosts: &[String]) -> Router {
    if !listen.ip().is_loopback() && hosts.is_empty() {
        return router;
    }
    let hosts: Arc<[String]> = hosts.into();
    router.layer(from_fn_with_state(hosts, answer))
}

async fn answer(State(hosts): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    // In absolute form, as sent to a proxy, the request target also names a host.
    let target = request.uri().authority();
    if target.is_none_or(|target| is_served(target, &hosts))
        && named(request.headers()).is_some_and(|host| is_served(&host, &hosts))
    {
        return next.run(request).await;
    }
    tracing::warn!("rejected a request: its Host is neither this machine nor in access.hosts");
    (StatusCode::MISDIRECTED_REQUEST, REFUSAL).into_response()
}

/// Returns the value of the `Host` header, or `None` if there isn't exactly one.
fn named(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(HOST).into_iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?;
    Authority::try_from(host.as_bytes()).ok()
}

fn is_served(authority: &Authority, hosts: &[String]) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    // A `Host` header has no userinfo. Rejecting it avoids different readings of `a@b`.
    !authority.as_str().contains('@')
        && (host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address: IpAddr| address.is_loopback())
            || hosts.iter().any(|name| host.eq_ignore_ascii_case(name)))
}
