//! Refuses requests whose `Host` names another machine.
//!
//! A server on loopback is out of reach of other machines, but not of the browser on this one: a
//! web page may point a name of its own at 127.0.0.1 and send requests there (DNS rebinding). Such
//! requests carry that name in `Host`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

/// What is said to a request that is refused.
const REFUSAL: &str = "The Host header must be localhost, an address of 127.0.0.0/8 or [::1]; the \
                       standalone server also takes the names in access.hosts of its settings.\n";

/// Lets a router that listens on a loopback address answer requests for this machine, and for
/// `hosts`, only.
pub(crate) fn check(router: Router, listen: SocketAddr, hosts: &[String]) -> Router {
    if !listen.ip().is_loopback() && hosts.is_empty() {
        return router;
    }
    let hosts: Arc<[String]> = hosts.into();
    router.layer(from_fn_with_state(hosts, answer))
}

async fn answer(State(hosts): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    // The target may name a host too, as in a request to a proxy.
    let target = request.uri().authority();
    if target.is_none_or(|target| is_served(target, &hosts))
        && named(request.headers()).is_some_and(|host| is_served(&host, &hosts))
    {
        return next.run(request).await;
    }
    tracing::warn!("a request was refused: its Host is neither this machine nor in access.hosts");
    (StatusCode::MISDIRECTED_REQUEST, REFUSAL).into_response()
}

/// What the only `Host` header says.
fn named(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(HOST).into_iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?;
    Authority::try_from(host.as_bytes()).ok()
}

fn is_served(authority: &Authority, hosts: &[String]) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    !authority.as_str().contains('@')
        && (host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address: IpAddr| address.is_loopback())
            || hosts.iter().any(|name| host.eq_ignore_ascii_case(name)))
}
