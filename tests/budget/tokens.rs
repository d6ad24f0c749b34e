//! A cached token.

use std::convert::Infallible;

use http::{Request, Response};
use tower::{Layer, service_fn};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{Body, ManualClock, TokenLayer, Tokens};

use crate::BUDGETS;
use crate::counted::{count, holds, respond, runtime};
use crate::fixture::platform::wechat;
use crate::fixture::{self, NOW};

const APPID: &str = Sandbox::APPID;

/// Returns tokens with one already fetched.
fn tokens(runtime: &tokio::runtime::Runtime) -> Tokens {
    let tokens = Sandbox::with_clock(ManualClock::at_unix(NOW))
        .wechat()
        .tokens();
    runtime.block_on(tokens.get(APPID)).unwrap();
    tokens
}

/// Returns the median of many counts: the cache does maintenance on every 64th read and by its own
/// clock.
fn median(mut hit: impl FnMut() -> u64) -> u64 {
    let mut counts: Vec<_> = (0..1000).map(|_| hit()).collect();
    counts.sort_unstable();
    counts[counts.len() / 2]
}

#[test]
fn token() {
    let runtime = runtime();
    let tokens = tokens(&runtime);
    let taken = median(|| {
        let (counted, token) = count(&runtime, tokens.get(APPID));
        assert!(!token.unwrap().secret().expose().is_empty());
        counted.count_total
    });
    holds(BUDGETS, "token", taken);
}

#[test]
fn token_below_the_layer() {
    let runtime = runtime();
    let handler = service_fn(|request: Request<()>| async move {
        let token = Tokens::from_request(&request)
            .unwrap()
            .get(APPID)
            .await
            .unwrap();
        assert!(!token.secret().expose().is_empty());
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let mut service = TokenLayer::new(tokens(&runtime)).layer(handler);
    let taken = median(|| {
        let (counted, _) = respond(&runtime, &mut service, Request::new(()));
        counted.count_total
    });
    holds(BUDGETS, "token in a handler below TokenLayer", taken);
}

/// A complete call over an in-memory transport, including decoding the response.
#[test]
fn call() {
    let runtime = runtime();
    let app = wechat().app(fixture::APPID).unwrap();
    runtime.block_on(app.call(GetCallbackIp::new())).unwrap();
    let taken = median(|| {
        let (counted, answer) = count(&runtime, app.call(GetCallbackIp::new()));
        assert_eq!(answer.unwrap().ip_list.len(), 3);
        counted.count_total
    });
    holds(BUDGETS, "call", taken);
}
