//! The metrics: which counter each outcome increments.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use tower::{ServiceExt, service_fn};
use tower_wechat::callback::Mode;
use tower_wechat::callback::deadline::LateReply;
use tower_wechat::callback::deadline::pick_up::{MemoryPickUpStore, PickUp};
use tower_wechat::callback::forward::{Failure, Forward, ForwardError, Rule, Target};
use tower_wechat::{AppId, BoxError, CallbackKeys, Error, ErrorKind, ManualClock, Message, Reply};

use super::support::{NOW, Platform};
use crate::support::settle;

#[derive(Default)]
struct Counts(Arc<Mutex<BTreeMap<String, u64>>>);

struct One(String, Arc<Mutex<BTreeMap<String, u64>>>);

impl CounterFn for One {
    fn increment(&self, value: u64) {
        *self.1.lock().unwrap().entry(self.0.clone()).or_default() += value;
    }

    fn absolute(&self, _: u64) {}
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()));
        let name = format!("{}{{{}}}", key.name(), labels.collect::<Vec<_>>().join(","));
        Counter::from_arc(Arc::new(One(name, Arc::clone(&self.0))))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

async fn on_message(msg: Message) -> Result<Reply, BoxError> {
    match msg.field("Content") {
        Some("fail") => Err("fails".into()),
        Some("panic") => panic!("panics"),
        Some(content) => Ok(Reply::text(content)),
        None => Ok(Reply::none()),
    }
}

/// A link whose title could end at two positions.
const TWO_LINKS: &str = "<MsgType>link</MsgType><Title><![CDATA[a]]></Title>\
    <Description><![CDATA[b]]></Title><Description><![CDATA[c]]></Description>";

/// Sends the callback one request per outcome.
async fn all() {
    let platform = Platform::new(Mode::Plaintext).appid("wx1");
    let callback = platform.callback(tower_wechat::handler_fn(on_message));
    let signed = |nonce: &str| platform.clone().nonce(nonce).echo("e");
    let forged = signed("n").read_as(&platform.timestamp, "m");
    let push = |content: &str| {
        format!("<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>{content}</xml>")
    };
    for (method, mut signed, body) in [
        (Method::GET, signed("n0"), String::new()),
        (Method::POST, signed("n1"), push("<Content>hi</Content>")),
        (Method::POST, signed("n2"), push("")),
        (Method::POST, signed("n3"), push("<Content>fail</Content>")),
        (Method::POST, signed("n4"), push("<Content>panic</Content>")),
        (Method::POST, signed("n5"), push("<Content>")),
        (Method::POST, signed("n1"), push("<Content>other</Content>")),
        (Method::POST, forged.clone(), push("")),
        (Method::GET, forged, String::new()),
        (Method::PUT, signed("n6"), String::new()),
        (Method::POST, signed("n7"), push(TWO_LINKS)),
    ] {
        signed.method = method;
        let order = ["timestamp", "nonce", "echostr"];
        signed
            .path("/")
            .order(order)
            .body(body)
            .send(&callback)
            .await;
    }
}

/// Forwards one push per kind of target response.
async fn all_forwarded() {
    type Sent = Result<Response<Bytes>, BoxError>;
    let answer = |status: u16, body: &'static str| -> Sent {
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = StatusCode::from_u16(status)?;
        Ok(response)
    };
    let transport = service_fn(move |request: Request<Bytes>| {
        let path = request.uri().path().to_owned();
        async move {
            match &*path {
                "/busy" | "/slow" => pending().await,
                "/wrong" => answer(200, "ok"),
                "/gone" => answer(404, ""),
                "/broken" => Err("broken".into()),
                "/refused" => Err(Error::transport(ErrorKind::Connect, "refused").into()),
                _ => answer(200, "success"),
            }
        }
    });
    let target = |name: &str| {
        let keys = CallbackKeys::plaintext("thetoken").unwrap();
        let url = format!("https://dev.example/{name}");
        Target::new(name, &url, keys).unwrap().max_concurrent(1)
    };
    let forward = |target| {
        let forward = Forward::builder(transport).default_target(target);
        forward.build().unwrap()
    };
    let message = || {
        let push = "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName></xml>";
        Message::parse(AppId::new("wx1").unwrap(), push.into()).unwrap()
    };
    for name in ["well", "wrong", "gone", "broken", "refused", "slow"] {
        let _ = forward(target(name)).oneshot(message()).await;
    }
    let busy = forward(target("busy"));
    let first = tokio::spawn(busy.clone().oneshot(message()));
    tokio::task::yield_now().await;
    let error = busy.oneshot(message()).await.unwrap_err();
    let error = error.downcast_ref::<ForwardError>().unwrap();
    assert_eq!(error.failure(), Failure::Busy);
    first.abort();
    let shadowed = Forward::builder(transport)
        .shadow(Rule::any(), target("shadow"))
        .default_target(target("well"));
    let shadowed = shadowed.build().unwrap();
    shadowed.oneshot(message()).await.unwrap();
    settle().await;
}

/// Returns what `work` counts. The clock is paused, so no sleep takes real time.
pub fn counted(work: impl Future<Output = ()>) -> Vec<(String, u64)> {
    let counts = Counts::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    metrics::with_local_recorder(&counts, || runtime.block_on(work));
    std::mem::take(&mut *counts.0.lock().unwrap())
        .into_iter()
        .collect()
}

#[test]
fn every_target_outcome_is_counted() {
    let expected = [
        ("broken", "transport"),
        ("busy", "busy"),
        ("gone", "status"),
        ("refused", "connect"),
        ("shadow", "answered"),
        ("slow", "timeout"),
        ("well", "answered"),
        ("wrong", "answer"),
    ];
    let expected = expected.map(|(target, outcome)| {
        let labels = format!("appid=wx1,target={target},outcome={outcome}");
        let count = if target == "well" { 2 } else { 1 };
        (format!("wechat_forward_total{{{labels}}}"), count)
    });
    assert_eq!(counted(all_forwarded()), expected);
}

#[test]
fn every_outcome_is_counted_per_app() {
    let counted = counted(all());
    let counted: Vec<_> = counted
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(
        counted,
        [
            ("wechat_callback_ambiguous_total{appid=wx1}", 1),
            ("wechat_callback_total{appid=wx1,outcome=echo}", 1),
            ("wechat_callback_total{appid=wx1,outcome=failed}", 2),
            ("wechat_callback_total{appid=wx1,outcome=malformed}", 1),
            ("wechat_callback_total{appid=wx1,outcome=method}", 1),
            ("wechat_callback_total{appid=wx1,outcome=replayed}", 1),
            ("wechat_callback_total{appid=wx1,outcome=reply}", 1),
            ("wechat_callback_total{appid=wx1,outcome=signature}", 2),
            ("wechat_callback_total{appid=wx1,outcome=success}", 2),
        ]
    );
}

/// Stores late replies in a small store and lets time pass.
async fn all_late() {
    let clock = ManualClock::at_unix(NOW);
    let memory = MemoryPickUpStore::new().clock(clock.clone());
    let pick_up = PickUp::new().store(memory.clone()).max_parts(2);
    let message = || {
        let push = "<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType></xml>";
        Message::parse(AppId::new("wx1").unwrap(), push.into()).unwrap()
    };
    let late = LateReply::new(message(), Reply::text("x".repeat(8000)));
    pick_up.clone().oneshot(late).await.unwrap();
    clock.advance(Duration::from_secs(3600));
    let late = LateReply::new(message(), Reply::text("new"));
    pick_up.oneshot(late).await.unwrap();
}

#[test]
fn dropped_parts_of_late_replies_are_counted() {
    let expected = [("age", 2), ("full", 3)];
    let expected = expected.map(|(reason, count)| {
        let labels = format!("appid=wx1,reason={reason}");
        (format!("wechat_pick_up_dropped_total{{{labels}}}"), count)
    });
    assert_eq!(counted(all_late()), expected);
}
