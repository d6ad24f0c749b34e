//! Pushes while Redis is gone, or slow, or loses its data.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower_wechat::callback::Mode;
use tower_wechat::shared::redis::RedisStore;

use super::{Calls, hello, instance, round_robin, sandbox};
use crate::server::Server;

/// The deadline of a command, and the patience with a shared machine.
const DEADLINE: Duration = Duration::from_millis(300);
const SLACK: Duration = Duration::from_millis(500);

/// Sends pushes and returns how long each took.
async fn pushes(store: RedisStore, number: usize) -> Vec<Duration> {
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let instance = instance(&sandbox, store, &calls, Duration::ZERO);
    let mut took = Vec::new();
    for _ in 0..number {
        let began = Instant::now();
        let delivery = sandbox.push(hello(&sandbox), instance.clone()).await;
        took.push(began.elapsed());
        assert_eq!(delivery.attempts.len(), 1, "{delivery:?}");
        assert!(delivery.reply().is_some(), "{delivery:?}");
    }
    assert_eq!(calls.count(), number);
    took
}

#[tokio::test]
async fn without_redis_each_push_is_handled_and_answered_at_once() {
    let took = pushes(RedisStore::new("redis://127.0.0.1:1").unwrap(), 20).await;
    let total: Duration = took.iter().sum();
    assert!(total < DEADLINE + SLACK, "{took:?}");
}

#[tokio::test]
async fn one_push_waits_for_the_deadline_when_redis_stops_answering() {
    let Some(server) = Server::start() else {
        return;
    };
    // A server that accepts the connection and then answers nothing.
    let store = server.store();
    pushes(store.clone(), 1).await;
    let cli = tokio::task::spawn_blocking(move || {
        server.cli(&["DEBUG", "SLEEP", "4"]);
        server
    });
    sleep(Duration::from_millis(200)).await;
    let took = pushes(store, 20).await;
    let total: Duration = took.iter().sum();
    assert!(total < DEADLINE + SLACK, "{took:?}");
    drop(cli.await);
}

#[tokio::test]
async fn a_handler_that_runs_while_redis_dies_answers() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let instance = instance(&sandbox, server.store(), &calls, Duration::from_secs(3));
    let push = hello(&sandbox);
    let delivery = tokio::spawn(async move { sandbox.push(push, instance).await });
    sleep(Duration::from_millis(500)).await;
    server.kill();
    let delivery = delivery.await.unwrap();
    assert_eq!(delivery.reply().unwrap().text(), Some("reply 1"));
}

#[tokio::test]
async fn a_running_push_is_still_known_after_redis_lost_its_data() {
    known_after(|server| drop(server.cli(&["FLUSHALL"]))).await;
}

#[tokio::test]
async fn a_running_push_is_still_known_after_redis_restarted() {
    known_after(Server::restart).await;
}

/// The claim is taken again with the next renewal, within a second.
async fn known_after(loss: impl FnOnce(&mut Server)) {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (sandbox, calls) = (sandbox(Mode::Secure), Calls::default());
    let work = Duration::from_secs(7);
    let instances = [(); 2].map(|()| instance(&sandbox, server.store(), &calls, work));
    let push = hello(&sandbox);
    let target = round_robin(instances.into());
    let delivery = tokio::spawn(async move { sandbox.push(push, target).await });
    sleep(Duration::from_secs(1)).await;
    loss(&mut server);
    let delivery = delivery.await.unwrap();
    assert_eq!(delivery.attempts.len(), 2, "{delivery:?}");
    assert_eq!(delivery.reply().unwrap().text(), Some("reply 1"));
    assert_eq!(calls.count(), 1);
}
