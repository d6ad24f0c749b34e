//! Each forced refresh spends one unit of the budget and is sent once.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower::Service;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{BoxFuture, Error, ErrorKind, Wechat};

use crate::support::{STABLE, clock, json, status};

/// How a forced refresh ends.
#[derive(Clone, Copy, Debug)]
enum Forced {
    Silent,
    Broken,
    Gateway,
    Busy,
    NotSent,
}

/// The sandbox, except that it intercepts and counts forced refreshes.
#[derive(Clone)]
struct Network {
    sandbox: Sandbox,
    forced: Forced,
    count: Arc<Mutex<usize>>,
}

impl Service<Request<Bytes>> for Network {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let forces = br#""force_refresh":true"#;
        let is_forced = request.uri().path() == STABLE
            && request
                .body()
                .windows(forces.len())
                .any(|part| part == forces);
        let (forced, answer) = (self.forced, self.sandbox.clone());
        if is_forced {
            *self.count.lock().unwrap() += 1;
        }
        Box::pin(async move {
            match forced {
                _ if !is_forced => {
                    let answer = answer.clone().call(request).await;
                    answer.map_err(|broken| Error::transport(ErrorKind::Transport, broken))
                }
                Forced::Silent => std::future::pending().await,
                Forced::Broken => Err(Error::transport(ErrorKind::Transport, "broken")),
                Forced::Gateway => Ok(status(502, "<html>down</html>")),
                Forced::Busy => Ok(json(r#"{"errcode":-1,"errmsg":"system error"}"#)),
                Forced::NotSent => Err(Error::transport(ErrorKind::Connect, "refused")),
            }
        })
    }
}

/// Returns how often a forced refresh is sent when a rejected token is returned again.
async fn sent(forced: Forced) -> usize {
    let sandbox = Sandbox::with_clock(clock());
    let network = Network {
        sandbox: sandbox.clone(),
        forced,
        count: Arc::default(),
    };
    let builder = Wechat::builder().clock(sandbox.clock());
    let builder = builder.transport(network.clone());
    let builder = builder.app(sandbox.app_configs().remove(0));
    let app = builder.build().unwrap().app(sandbox.appid()).unwrap();
    app.call(GetCallbackIp::new()).await.unwrap();
    sandbox.refuse_tokens();
    let failed = match forced {
        Forced::Silent => ErrorKind::Timeout,
        Forced::Broken => ErrorKind::Transport,
        Forced::Gateway => ErrorKind::Status(502),
        Forced::Busy => ErrorKind::Platform,
        Forced::NotSent => ErrorKind::Connect,
    };
    for number in 0..10 {
        // All ten calls happen within half a minute of the sandbox's clock.
        let error = app.call(GetCallbackIp::new()).await.unwrap_err();
        let (kind, endpoint) = match number {
            0 => (failed, STABLE),
            _ => (ErrorKind::Platform, "/cgi-bin/getcallbackip"),
        };
        let found = (error.kind(), error.endpoint());
        assert_eq!(found, (kind, Some(endpoint)), "{forced:?} {number}");
    }
    let count = *network.count.lock().unwrap();
    sandbox.advance(Duration::from_secs(31));
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.endpoint()), (failed, Some(STABLE)));
    assert_eq!(*network.count.lock().unwrap(), 2 * count, "{forced:?}");
    count
}

#[tokio::test(start_paused = true)]
async fn a_forced_refresh_is_sent_once_whatever_its_outcome() {
    for forced in [
        Forced::Silent,
        Forced::Broken,
        Forced::Gateway,
        Forced::Busy,
    ] {
        assert_eq!(sent(forced).await, 1, "{forced:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsent_forced_refresh_is_retried() {
    assert_eq!(sent(Forced::NotSent).await, 3);
}
