//! Pushes that several instances share.

mod faults;
mod replays;
mod runs;
mod sealed;
mod store;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use tokio::time::sleep;
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt, service_fn};
use tower_wechat::callback::Mode;
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::shared::SharedState;
use tower_wechat::{Body, BoxError, Message, Wechat, handler_fn};

/// The routes of one instance.
type Instance = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// The calls of the handler over all instances.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

fn sandbox(mode: Mode) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.add_app(Sandbox::APPID, mode).unwrap();
    sandbox
}

/// Creates an instance whose handler takes `work` and replies with the number of its call.
fn instance(
    sandbox: &Sandbox,
    state: impl Into<SharedState>,
    calls: &Calls,
    work: Duration,
) -> Instance {
    let app = sandbox.app_configs().remove(0);
    let builder = Wechat::builder().transport(sandbox.clone());
    let wechat = builder.app(app).shared(state).build().unwrap();
    let calls = calls.clone();
    let handler = handler_fn(move |_: Message| {
        let number = calls.add();
        async move {
            sleep(work).await;
            format!("reply {number}")
        }
    });
    let routes = wechat.routes();
    let routes = routes.on_message_within(DeadlineLayer::hold(), handler);
    let routes = routes.prefix("/v1/service/wx");
    BoxCloneSyncService::new(ServiceExt::<Request<Body>>::map_err(
        routes,
        |never| match never {},
    ))
}

/// Sends each request to the next instance.
fn round_robin(instances: Vec<Instance>) -> Instance {
    let turn = Arc::new(AtomicUsize::new(0));
    BoxCloneSyncService::new(service_fn(move |request| {
        let turn = turn.fetch_add(1, Ordering::SeqCst) % instances.len();
        instances[turn].clone().oneshot(request)
    }))
}

fn hello(sandbox: &Sandbox) -> Push {
    Push::text(&sandbox.user("Hui"), "hello there")
}

/// A captured request.
#[derive(Clone)]
struct Captured {
    uri: Uri,
    body: Bytes,
}

impl Captured {
    fn request(&self) -> Request<Body> {
        let request = Request::post(self.uri.clone());
        request.body(Body::from(self.body.clone())).unwrap()
    }

    /// Returns the request with another text, of another message, under the same signature.
    fn forged(&self) -> Self {
        let text = String::from_utf8(self.body.to_vec()).unwrap();
        let forged = text
            .replace("hello there", "pay him")
            .replace("<MsgId><![CDATA[", "<MsgId><![CDATA[9");
        assert_ne!(text, forged);
        let body = forged.into();
        Self {
            body,
            ..self.clone()
        }
    }
}

/// Returns the reply to a push, and the request that it was sent with.
async fn capture(sandbox: &Sandbox, push: Push, instance: &Instance) -> (String, Captured) {
    let seen = Arc::new(Mutex::new(None));
    let (writer, instance) = (Arc::clone(&seen), instance.clone());
    let target = service_fn(move |request: Request<Body>| {
        let (parts, body) = request.into_parts();
        let (uri, body) = (parts.uri.clone(), body.into_bytes());
        *writer.lock().unwrap() = Some(Captured {
            uri,
            body: body.clone(),
        });
        instance
            .clone()
            .oneshot(Request::from_parts(parts, Body::from(body)))
    });
    let delivery = sandbox.push(push, target).await;
    let reply = delivery.reply().unwrap().text().unwrap().to_owned();
    let captured = seen.lock().unwrap().clone().unwrap();
    // Until the end of the run is stored, beside the answer.
    sleep(Duration::from_millis(100)).await;
    (reply, captured)
}

async fn send(captured: &Captured, instance: &Instance) -> Response<Body> {
    let response = instance.clone().oneshot(captured.request()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    response
}
