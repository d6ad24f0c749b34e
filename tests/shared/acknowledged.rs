//! Processes of the standalone example with one inbox, on Redis.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use http::Request;
use tokio::net::TcpSocket;
use tokio::sync::Notify;
use tokio::time::timeout;
use tower::{ServiceExt, service_fn};
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::{Attempt, Push, Sandbox};
use tower_wechat::{Body, Error};

use crate::platform::{Instance, callback, serve};
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_has_acknowledged_is_handled_by_another() {
    let Some(server) = Server::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let platform = serve(&sandbox).await;
    // Bound, so that no other test gets the port, but not listening: connections are refused.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let tables = format!(
        "{}\n[inbox]\nredis = true\n[[forward]]\nname = \"shop\"\ntoken = \"shop\"\n\
         default = true\nurl = \"http://{}/\"",
        callback(&platform).await,
        socket.local_addr().unwrap(),
    );
    let redis = server.url();
    let start = || Instance::start(&platform, &redis, &sandbox, &tables);
    let (mut first, _second) = tokio::join!(start(), start());

    let target = service_fn(async |request: Request<Body>| {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, body.into_bytes());
        let transport = ReqwestTransport::new()?;
        Ok::<_, Error>(transport.oneshot(request).await?.map(Body::from))
    });
    let fields = [("MsgType", "text"), ("Content", "hello")];
    let push = Push::new(&sandbox.user("Hui"), fields);
    let urls = [format!("{}/wxmsg", first.base)];
    let delivery = sandbox.push_to(push, &urls, target).await;
    assert!(
        matches!(*delivery.attempts, [Attempt::Success]),
        "{delivery:?}"
    );
    first.process.kill().await.unwrap();

    let handled = Arc::new(Notify::new());
    let notify = Arc::clone(&handled);
    let answer = post(move || async move {
        notify.notify_one();
        "success"
    });
    let listener = socket.listen(16).unwrap();
    let app = Router::new().route("/", answer);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let handled = timeout(PATIENCE, handled.notified()).await;
    handled.expect("the other process handles it");
}
