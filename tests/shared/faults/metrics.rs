//! The metrics of the connection.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString,
    Unit,
};

use super::bed::Bed;
use crate::server::Server;

#[derive(Default)]
struct Values(Arc<Mutex<BTreeMap<String, f64>>>);

struct One(String, Arc<Mutex<BTreeMap<String, f64>>>);

impl One {
    fn of(key: &Key, values: &Values) -> Arc<Self> {
        let labels = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()));
        let name = format!("{}{{{}}}", key.name(), labels.collect::<Vec<_>>().join(","));
        Arc::new(Self(name, Arc::clone(&values.0)))
    }

    fn change(&self, change: impl FnOnce(&mut f64)) {
        change(self.1.lock().unwrap().entry(self.0.clone()).or_default());
    }
}

impl CounterFn for One {
    fn increment(&self, value: u64) {
        self.change(|now| *now += f64::from(u32::try_from(value).unwrap()));
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for One {
    fn increment(&self, value: f64) {
        self.change(|now| *now += value);
    }

    fn decrement(&self, value: f64) {
        self.change(|now| *now -= value);
    }

    fn set(&self, value: f64) {
        self.change(|now| *now = value);
    }
}

impl Recorder for Values {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(One::of(key, self))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(One::of(key, self))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

impl Values {
    fn up(&self) -> Option<f64> {
        self.0
            .lock()
            .unwrap()
            .get("wechat_redis_up{prefix=shop}")
            .copied()
    }

    fn errors(&self, reason: &str) -> f64 {
        let name = format!("wechat_redis_errors_total{{prefix=shop,reason={reason}}}");
        self.0
            .lock()
            .unwrap()
            .get(&name)
            .copied()
            .unwrap_or_default()
    }
}

#[tokio::test]
async fn the_gauge_follows_the_circuit_and_errors_are_counted_by_reason() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let values = Values::default();
    let _records = metrics::set_default_local_recorder(&values);
    let bed = Bed::new(server.store().prefix("shop"));
    assert_eq!(values.up(), None);
    bed.call().await;
    assert_eq!(values.up(), Some(1.0));
    assert!(values.0.lock().unwrap().len() == 1, "{:?}", values.0);

    server.cli(&["CLIENT", "PAUSE", "1000", "ALL"]);
    assert!(!bed.asks().await);
    assert_eq!((values.up(), values.errors("timeout")), (Some(0.0), 1.0));
    assert!(!bed.asks().await);
    assert_eq!(
        (values.errors("timeout"), values.errors("circuit_open")),
        (1.0, 1.0)
    );
    bed.recovers().await;
    assert_eq!(values.up(), Some(1.0));

    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    tokio::time::sleep(Duration::from_millis(10)).await;
    bed.sandbox.expire_tokens();
    server.cli(&["FLUSHALL"]);
    bed.call().await;
    assert_eq!((values.up(), values.errors("server")), (Some(0.0), 1.0));
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    bed.recovers().await;

    server.kill();
    assert!(!bed.asks().await);
    assert_eq!((values.up(), values.errors("connection")), (Some(0.0), 1.0));
}
