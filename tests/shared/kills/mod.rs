//! Pushes over four instances, of which one is killed and restarted every two seconds.

mod account;
mod fleet;
mod handler;
mod pushes;

use std::sync::Arc;
use std::time::Duration;

use tower_wechat::sandbox::Sandbox;

use self::fleet::Fleet;
use self::handler::Handler;
use crate::server::Server;

const SEED: u64 = 20_240_229;
const KILL_EVERY: Duration = Duration::from_secs(2);

/// The number of pushes, and how many are sent a second at most. `STRESS_PUSHES` sets another
/// number.
fn load() -> (usize, usize) {
    let count = std::env::var("STRESS_PUSHES").map(|count| count.parse().unwrap());
    let count: usize = count.unwrap_or(2000);
    // For a dozen seconds or longer, so that there are kills.
    (count, (count / 12).min(800))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_push_is_handled_although_instances_are_killed() {
    let Some(server) = Server::start() else {
        return;
    };
    let (count, rate) = load();
    let sandbox = Sandbox::new();
    let handler = Handler::default();
    let (fleet, instances) = Fleet::start(&sandbox, &server, &handler).await;
    let killer = tokio::spawn({
        let fleet = Arc::clone(&fleet);
        async move { fleet.kill_and_restart(instances).await }
    });
    let sent = pushes::send(&sandbox, &fleet, count, rate).await;
    killer.abort();

    let account = account::of(&sent, &handler.runs(), &fleet.kills());
    println!("{count} pushes, {rate} a second:\n{account}");
    println!("{:6} runs cut off by a kill", handler.cut_off());
    account.check();
    assert!(handler.cut_off() > 0, "no kill met a handler");
}
