//! Which instance runs a push, and what the others answer.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;
use tower_wechat::callback::Mode;
use tower_wechat::sandbox::Attempt;
use tower_wechat::{Body, BoxError};

use super::{Calls, Instance, hello, instance, round_robin, sandbox};
use crate::server::Server;

#[tokio::test]
async fn a_push_to_three_instances_runs_once_and_has_one_reply() {
    let Some(server) = Server::start() else {
        return;
    };
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        for work in [0, 1] {
            let (sandbox, calls) = (sandbox(mode), Calls::default());
            let push = hello(&sandbox);
            let sends = [(); 3].map(|()| {
                let work = Duration::from_secs(work);
                let instance = instance(&sandbox, server.store(), &calls, work);
                let (sandbox, push) = (sandbox.clone(), push.clone());
                tokio::spawn(async move { sandbox.push(push, instance).await })
            });
            for send in sends {
                let delivery = send.await.unwrap();
                assert_eq!(delivery.attempts.len(), 1, "{delivery:?}");
                assert_eq!(delivery.reply().unwrap().text(), Some("reply 1"));
            }
            assert_eq!(calls.count(), 1, "{mode:?} {work}");
        }
    }
}

#[tokio::test]
async fn a_fresh_push_takes_one_round_trip_before_the_handler_and_one_after() {
    let Some(server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let instances = [(); 2].map(|()| instance(&sandbox, server.store(), &calls, Duration::ZERO));
    // Connects, and loads the scripts.
    for instance in &instances {
        sandbox.push(hello(&sandbox), instance.clone()).await;
    }
    sleep(Duration::from_millis(200)).await;
    server.cli(&["CONFIG", "RESETSTAT"]);
    let push = hello(&sandbox);
    for instance in [&instances[0], &instances[0], &instances[1], &instances[1]] {
        sandbox.push(push.clone(), instance.clone()).await;
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(calls.count(), 3);
    let stats = server.cli(&["INFO", "commandstats"]);
    // Each instance tries to claim; the script that ends the push sets its record. The second
    // instance then asks what is known.
    assert!(stats.contains("cmdstat_set:calls=3,"), "{stats}");
    assert!(stats.contains("cmdstat_evalsha:calls=2,"), "{stats}");
}

async fn held(work: u64) {
    let Some(server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let work = Duration::from_secs(work);
    let instances = [(); 3].map(|()| instance(&sandbox, server.store(), &calls, work));
    let began = Instant::now();
    let delivery = sandbox
        .push(hello(&sandbox), round_robin(instances.into()))
        .await;
    let took = began.elapsed();
    let sends = usize::try_from(work.as_secs()).unwrap() / 5 + 1;
    assert_eq!(delivery.attempts.len(), sends, "{delivery:?}");
    assert_eq!(delivery.reply().unwrap().text(), Some("reply 1"));
    assert!(
        took >= work && took < work + Duration::from_secs(2),
        "{took:?}"
    );
    assert_eq!(calls.count(), 1);
}

#[tokio::test]
async fn the_second_send_gets_the_reply_of_seven_seconds_on_another_instance() {
    held(7).await;
}

#[tokio::test]
async fn the_third_send_gets_the_reply_of_twelve_seconds_on_another_instance() {
    held(12).await;
}

/// An instance with a runtime of its own, which can be killed.
struct Doomed {
    instance: Instance,
    runtime: Runtime,
}

impl Doomed {
    fn new(instance: Instance) -> Self {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let inside = tower::service_fn(move |request: http::Request<Body>| {
            let answer = handle.spawn(instance.clone().oneshot(request));
            async { answer.await.map_err(BoxError::from)? }
        });
        Self {
            instance: BoxCloneSyncService::new(inside),
            runtime,
        }
    }
}

async fn killed(after: f64) {
    let Some(server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let work = Duration::from_secs_f64(after + 1.0);
    let doomed = Doomed::new(instance(&sandbox, server.store(), &calls, work));
    let next = instance(&sandbox, server.store(), &calls, Duration::ZERO);
    let target = round_robin(vec![doomed.instance, next]);
    let push = hello(&sandbox);
    let delivery = tokio::spawn(async move { sandbox.push(push, target).await });
    sleep(Duration::from_secs_f64(after)).await;
    assert_eq!(calls.count(), 1);
    doomed.runtime.shutdown_background();
    let delivery = delivery.await.unwrap();
    let [first, second] = &delivery.attempts[..] else {
        panic!("{delivery:?}");
    };
    assert!(matches!(first, Attempt::Broken), "{delivery:?}");
    assert!(matches!(second, Attempt::Reply(_)), "{delivery:?}");
    assert_eq!(delivery.reply().unwrap().text(), Some("reply 2"));
    assert_eq!(calls.count(), 2);
}

#[tokio::test]
async fn the_next_send_runs_a_push_whose_instance_died() {
    killed(0.5).await;
}

#[tokio::test]
async fn the_next_send_runs_a_push_whose_instance_died_right_before_it() {
    killed(4.5).await;
}
