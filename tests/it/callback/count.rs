//! What is counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{Method, Request};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use tower::ServiceExt;
use tower_wechat::callback::signature::sign;
use tower_wechat::{AppId, Body, BoxError, Callback, CallbackKeys, ManualClock, Message, Reply};

const NOW: u64 = 1_767_225_600;

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

/// Sends every kind of request once.
async fn all() {
    let keys = CallbackKeys::plaintext("thetoken").unwrap();
    let recipient = keys.for_app(AppId::new("wx1").unwrap());
    let handler = tower_wechat::handler_fn(on_message);
    let callback = Callback::new(recipient, handler).clock(ManualClock::at_unix(NOW));
    let timestamp = NOW.to_string();
    let signature = sign(["thetoken", &timestamp, "n"]);
    let good = format!("/?timestamp={timestamp}&nonce=n&echostr=e&signature={signature}");
    let forged = format!("/?timestamp={timestamp}&nonce=m&echostr=e&signature={signature}");
    let push = |content: &str| {
        format!("<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>{content}</xml>")
    };
    for (method, uri, body) in [
        (Method::GET, &good, String::new()),
        (Method::POST, &good, push("<Content>hi</Content>")),
        (Method::POST, &good, push("")),
        (Method::POST, &good, push("<Content>fail</Content>")),
        (Method::POST, &good, push("<Content>panic</Content>")),
        (Method::POST, &good, push("<Content>")),
        (Method::POST, &forged, push("")),
        (Method::GET, &forged, String::new()),
        (Method::PUT, &good, String::new()),
    ] {
        let mut request = Request::new(Body::from(body));
        (*request.method_mut(), *request.uri_mut()) = (method, uri.parse().unwrap());
        callback.clone().oneshot(request).await.unwrap();
    }
}

#[test]
fn every_outcome_is_counted_by_app() {
    let counts = Counts::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    metrics::with_local_recorder(&counts, || runtime.block_on(all()));
    let counted = counts.0.lock().unwrap();
    let counted: Vec<_> = counted
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(
        counted,
        [
            ("wechat_callback_total{appid=wx1,outcome=echo}", 1),
            ("wechat_callback_total{appid=wx1,outcome=failed}", 2),
            ("wechat_callback_total{appid=wx1,outcome=malformed}", 1),
            ("wechat_callback_total{appid=wx1,outcome=method}", 1),
            ("wechat_callback_total{appid=wx1,outcome=reply}", 1),
            ("wechat_callback_total{appid=wx1,outcome=signature}", 2),
            ("wechat_callback_total{appid=wx1,outcome=success}", 1),
        ]
    );
}
