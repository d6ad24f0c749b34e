//! Failover: calls go to another host of the platform when one is down, and to no other host.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower::Service;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::api::qrcode;
use tower_wechat::client::Hosts;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{App, BoxFuture, Error, ErrorKind, ManualClock, Wechat};

use crate::support::{clock, send, status};

const FIRST: &str = "api.weixin.qq.com";
const SECOND: &str = "api2.weixin.qq.com";
const OFFICIAL: [&str; 6] = [
    FIRST,
    SECOND,
    "sh.api.weixin.qq.com",
    "sz.api.weixin.qq.com",
    "hk.api.weixin.qq.com",
    "mp.weixin.qq.com",
];

/// How a host fails.
#[derive(Clone, Copy)]
enum Down {
    Unreachable,
    Gateway(u16),
    Silent,
}

/// The sandbox behind several hosts, some of which may be down. Records the hosts called.
#[derive(Clone)]
struct Network {
    sandbox: Sandbox,
    down: Arc<Mutex<Vec<(String, Down)>>>,
    called: Arc<Mutex<Vec<String>>>,
}

impl Network {
    fn new() -> (Self, ManualClock) {
        let clock = clock();
        let network = Self {
            sandbox: Sandbox::with_clock(clock.clone()),
            down: Arc::default(),
            called: Arc::default(),
        };
        (network, clock)
    }

    fn app(&self, hosts: Hosts, clock: ManualClock) -> App {
        let builder = Wechat::builder()
            .clock(clock)
            .hosts(hosts)
            .transport(self.clone());
        let wechat = builder.app(self.sandbox.app_configs().remove(0)).build();
        wechat.unwrap().app(self.sandbox.appid()).unwrap()
    }

    fn break_down(&self, host: &str, how: Down) {
        self.down.lock().unwrap().push((host.to_owned(), how));
    }

    fn mend(&self) {
        self.down.lock().unwrap().clear();
    }

    /// Returns the hosts called since the last time.
    fn called(&self) -> Vec<String> {
        std::mem::take(&mut self.called.lock().unwrap())
    }
}

impl Service<Request<Bytes>> for Network {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let host = request.uri().host().unwrap().to_owned();
        self.called.lock().unwrap().push(host.clone());
        let down = self.down.lock().unwrap();
        let how = down
            .iter()
            .find(|(name, _)| *name == host)
            .map(|(_, how)| *how);
        drop(down);
        let answer = self.sandbox.call(request.clone());
        Box::pin(async move {
            match how {
                Some(Down::Unreachable) => Err(Error::transport(ErrorKind::Connect, "refused")),
                Some(Down::Silent) => std::future::pending().await,
                Some(Down::Gateway(code)) => Ok(status(code, "<html>down</html>")),
                None => answer
                    .await
                    .map_err(|broken| Error::transport(ErrorKind::Transport, broken)),
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_cannot_be_reached_is_replaced_for_every_call() {
    let (network, clock) = Network::new();
    let app = network.app(Hosts::default(), clock);
    network.break_down(FIRST, Down::Unreachable);
    app.call(GetCallbackIp::new()).await.unwrap();
    // The token call found the first host down, so the call went to the second at once.
    assert_eq!(network.called(), [FIRST, SECOND, SECOND]);
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(network.called(), [SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_send_fails_over_when_it_was_not_sent() {
    let (network, clock) = Network::new();
    let app = network.app(Hosts::default(), clock);
    app.token().await.unwrap();
    network.called();
    network.break_down(FIRST, Down::Unreachable);
    // The sandbox does not know this call, which proves that the second host responded.
    let error = app.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(404));
    assert_eq!(network.called(), [FIRST, SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_error_fails_over_idempotent_calls_only() {
    for code in [502, 503, 504] {
        let (network, clock) = Network::new();
        let app = network.app(Hosts::default(), clock);
        app.token().await.unwrap();
        network.called();
        network.break_down(FIRST, Down::Gateway(code));
        app.call(GetCallbackIp::new()).await.unwrap();
        assert_eq!(network.called(), [FIRST, SECOND]);
    }

    let (network, clock) = Network::new();
    let app = network.app(Hosts::default(), clock);
    app.token().await.unwrap();
    network.called();
    network.break_down(FIRST, Down::Gateway(502));
    let error = app.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(502));
    assert_eq!(network.called(), [FIRST], "the message may have been sent");
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(network.called(), [SECOND], "but the next call knows");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_or_another_status_does_not_fail_over() {
    for (how, kind, times) in [
        (Down::Silent, ErrorKind::Timeout, 3),
        (Down::Gateway(404), ErrorKind::Status(404), 1),
        (Down::Gateway(500), ErrorKind::Status(500), 3),
    ] {
        let (network, clock) = Network::new();
        let app = network.app(Hosts::default(), clock);
        app.token().await.unwrap();
        network.called();
        network.break_down(FIRST, how);
        let error = app.call(GetCallbackIp::new()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(network.called(), vec![FIRST; times]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_host_is_tried_again_after_a_minute() {
    let (network, clock) = Network::new();
    let app = network.app(Hosts::default(), clock.clone());
    network.break_down(FIRST, Down::Unreachable);
    app.call(GetCallbackIp::new()).await.unwrap();
    network.called();

    clock.advance(Duration::from_secs(59));
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(network.called(), [SECOND]);
    clock.advance(Duration::from_secs(1));
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(network.called(), [FIRST, SECOND], "still down");
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(network.called(), [SECOND]);

    network.mend();
    clock.advance(Duration::from_secs(60));
    app.call(GetCallbackIp::new()).await.unwrap();
    app.call(GetCallbackIp::new()).await.unwrap();
    assert_eq!(network.called(), [FIRST, FIRST]);
}

#[tokio::test(start_paused = true)]
async fn only_hosts_of_the_platform_are_called() {
    let (network, clock) = Network::new();
    let app = network.app(Hosts::default(), clock);
    for host in OFFICIAL {
        network.break_down(host, Down::Unreachable);
    }
    for _ in 0..9 {
        let error = app.call(GetCallbackIp::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    network.mend();
    let call = qrcode::CreateQrcode::temporary("x");
    let ticket = app.call(call).await.unwrap();
    app.call(qrcode::ShowQrcode::of(&ticket)).await.unwrap();
    let called: BTreeSet<String> = network.called().into_iter().collect();
    assert_eq!(called, OFFICIAL.map(str::to_owned).into());
}

#[tokio::test(start_paused = true)]
async fn a_custom_host_has_only_the_alternates_it_is_given() {
    let (network, clock) = Network::new();
    let own = || Hosts::default().api("https://proxy.example").unwrap();
    let app = network.app(own(), clock.clone());
    network.break_down("proxy.example", Down::Unreachable);
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(network.called(), ["proxy.example"; 3]);

    let hosts = own().alternates(["https://spare.example/wx"]).unwrap();
    let app = network.app(hosts, clock.clone());
    // The sandbox serves no call below a path, so only the host that was called matters.
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(404));
    assert_eq!(network.called(), ["proxy.example", "spare.example"]);

    let off = Hosts::default().alternates([]).unwrap();
    let app = network.app(off, clock);
    network.break_down(FIRST, Down::Unreachable);
    let error = app.call(GetCallbackIp::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(network.called(), [FIRST; 3]);

    let error = Hosts::default()
        .alternates(["http://evil.example"])
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
