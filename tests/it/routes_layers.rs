//! The JSON routes below layers of tower-http that the host applies.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{
    MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_wechat::Body;
use tower_wechat::routes::{Failure, JsonRoute, JsonService, NoHandler, Routes};
use tower_wechat::sandbox::Sandbox;

use crate::support::{Log, clock, post};

const ROUTES: [&str; 2] = ["/getwxuserinfo", "/nosuchroute"];

fn routes() -> Routes<NoHandler> {
    Sandbox::with_clock(clock()).wechat().routes().unprotected()
}

/// The host's ids.
#[derive(Clone)]
struct Hosts(&'static str);

impl MakeRequestId for Hosts {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        Some(HeaderValue::from_static(self.0).into())
    }
}

/// Returns the id, which must be the same everywhere in a response.
async fn id(
    service: impl Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    request: Request<Body>,
) -> String {
    let (head, body) = service.oneshot(request).await.unwrap().into_parts();
    let envelope: Value = serde_json::from_slice(&body.into_bytes()).unwrap();
    let id = envelope["ret"]["request_id"].as_str().unwrap();
    let given: Vec<_> = head.headers.get_all("x-request-id").iter().collect();
    assert_eq!(given, [id]);
    let extension = head.extensions.get::<RequestId>().unwrap();
    assert_eq!(extension.header_value(), id);
    id.to_owned()
}

#[tokio::test]
async fn the_id_of_a_layer_outside_is_the_only_one() {
    let log = Log::default();
    let _capture = log.capture(tracing::Level::INFO);
    let host = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(Hosts("host-1")))
        .layer(PropagateRequestIdLayer::x_request_id())
        .service(routes());
    for route in ROUTES {
        assert_eq!(id(host.clone(), post(route, "{}")).await, "host-1");
    }
    let line = log.text();
    assert_eq!(line.matches("request_id=host-1").count(), 2, "{line}");
    assert_eq!(line.matches("request_id=").count(), 2, "{line}");
}

#[tokio::test]
async fn the_id_of_a_layer_with_another_header_is_taken_unless_it_is_illegal() {
    let name = HeaderName::from_static("x-trace-id");
    for route in ROUTES {
        let layer = SetRequestIdLayer::new(name.clone(), Hosts("host-1"));
        let host = ServiceBuilder::new().layer(layer).service(routes());
        assert_eq!(id(host.clone(), post(route, "{}")).await, "host-1");
        // `x-request-id` has precedence, and an illegal one counts as missing.
        for (given, taken) in [("caller-1", "caller-1"), ("caller 1", "host-1")] {
            let mut request = post(route, "{}");
            let given = HeaderValue::from_static(given);
            request.headers_mut().insert("x-request-id", given);
            assert_eq!(id(host.clone(), request).await, taken);
        }
        let layer = SetRequestIdLayer::new(name.clone(), Hosts("host 1"));
        let host = ServiceBuilder::new().layer(layer).service(routes());
        let id = id(host, post(route, "{}")).await;
        assert!(id.starts_with("wxmsg_") && id.len() == 16, "{id}");
    }
}

#[tokio::test]
async fn a_panic_reaches_no_layer_outside() {
    #[derive(Clone)]
    struct Panics;
    impl JsonRoute for Panics {
        const NAME: &'static str = "panics";
        type Request = Value;
        type Answer = Value;
        async fn answer(self, _: Value) -> Result<Value, Failure> {
            panic!("in a route")
        }
    }
    let host = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(Hosts("host-1")))
        .layer(CatchPanicLayer::new())
        .service(JsonService::from_route(Panics).unprotected());
    let response = host.oneshot(post("/", "{}")).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    assert_eq!(response.headers()["x-request-id"], "host-1");
    let body: Bytes = response.into_body().collect().await.unwrap().to_bytes();
    let envelope: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        envelope["ret"],
        json!({
            "code": 3_584_001,
            "msg": "the route failed: its operator finds the cause in the log",
            "request_id": "host-1",
        })
    );
}
