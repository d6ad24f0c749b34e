//! A handler that takes longer than the platform waits, with the platform's pushes over real
//! sockets: with shortened waits, and once with the real ones.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceExt;
use tower_wechat::Body;
use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer};
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::{Attempt, Delivery, Push, Sandbox, User};

use super::support::{Tally, callback, counting, push, seconds};

/// Serves the routes with a handler that takes `work`, and pushes a text to them.
async fn deliver(
    sandbox: &Sandbox,
    user: &User,
    deadline: DeadlineLayer,
    tally: &Tally,
    work: Duration,
) -> Delivery {
    let wechat = sandbox.wechat();
    let deadline = deadline.late(CustomerService::new(wechat.clone()));
    let routes = wechat.routes();
    let routes = routes.on_message_within(deadline, counting(tally, work));
    let address = serve(TowerToHyperService::new(routes)).await;
    sandbox.set_callback_url(&sandbox.appid(), format!("http://{address}/wxmsg"));
    let internet = ReqwestTransport::new()
        .unwrap()
        .map_request(|request: Request<Body>| request.map(Body::into_bytes))
        .map_response(|response: Response<Bytes>| response.map(Body::from));
    sandbox.push(Push::text(user, "hi"), internet).await
}

async fn serve<S>(service: S) -> SocketAddr
where
    S: hyper::service::Service<
            Request<hyper::body::Incoming>,
            Response = Response<Body>,
            Error = std::convert::Infallible,
        > + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service.clone()));
        }
    });
    address
}

async fn hold(sandbox: Sandbox, deadline: DeadlineLayer, work: Duration) {
    let (tally, user) = (Tally::default(), sandbox.user("Hui"));
    let delivery = deliver(&sandbox, &user, deadline, &tally, work).await;
    assert!(
        matches!(
            delivery.attempts[..],
            [Attempt::Timeout, Attempt::Reply(_)]
                | [Attempt::Timeout, Attempt::Timeout, Attempt::Reply(_)]
        ),
        "{delivery:?}"
    );
    let reply = delivery.reply().unwrap();
    assert_eq!((reply.text(), reply.is_encrypted()), (Some("1"), true));
    tokio::time::sleep(work).await;
    assert_eq!((tally.started(), tally.ended()), (1, 1));
    assert!(user.received().is_empty());
}

async fn ack(sandbox: Sandbox, deadline: DeadlineLayer, work: Duration) {
    let (tally, user) = (Tally::default(), sandbox.user("Hui"));
    let delivery = deliver(&sandbox, &user, deadline, &tally, work).await;
    assert!(
        matches!(delivery.attempts[..], [Attempt::Success]),
        "{delivery:?}"
    );
    assert!(user.received().is_empty());
    tokio::time::sleep(work).await;
    assert_eq!((tally.started(), tally.ended()), (1, 1));
    let received = user.received();
    assert_eq!(received.len(), 1, "{received:?}");
    assert_eq!(received[0]["text"]["content"], "1");
}

#[tokio::test]
async fn a_late_reply_reaches_the_user_with_shorter_waits() {
    let impatient = || Sandbox::new().patience(seconds(0.5));
    let (hold_after, ack_after) = (seconds(1.4), seconds(0.4));
    tokio::join!(
        hold(
            impatient(),
            DeadlineLayer::ack_after(hold_after),
            seconds(0.8)
        ),
        ack(
            impatient(),
            DeadlineLayer::ack_after(ack_after),
            seconds(0.8)
        ),
    );
}

#[tokio::test]
async fn a_reply_after_eight_seconds_reaches_the_user() {
    tokio::join!(
        hold(Sandbox::new(), DeadlineLayer::hold(), seconds(8.0)),
        ack(Sandbox::new(), DeadlineLayer::ack(), seconds(8.0)),
    );
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_with_408_and_its_connection_closed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let quiet = tower_wechat::handler_fn(|_| async {});
    let callback = callback(quiet).body_timeout(Some(seconds(0.3)));
    let address = serve(TowerToHyperService::new(callback)).await;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: test\r\ncontent-length: 500\r\n\r\n<xml>",
        push("n1", "").uri()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = String::new();
    let read = tokio::time::timeout(seconds(20.0), stream.read_to_string(&mut response));
    read.await.expect("the connection is closed").unwrap();
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    assert!(response.contains("content-length: 0\r\n"), "{response}");
}
