//! Redis answers late.

use std::thread::sleep;
use std::time::Duration;

use super::bed::Bed;
use crate::server::Server;

#[tokio::test]
async fn a_paused_server_costs_one_deadline() {
    let Some(server) = Server::start() else {
        return;
    };
    let bed = Bed::new(server.store());
    bed.call().await;
    let pause = move || {
        server.cli(&["CLIENT", "PAUSE", "2000", "ALL"]);
        sleep(Duration::from_secs(2));
        server
    };
    let (calls, _server) = bed.calls_while(pause).await;
    calls.waited_once();
    bed.recovers().await;
    bed.opened_and_closed_once();
}

#[tokio::test]
async fn a_server_that_is_busy_costs_one_deadline() {
    let Some(server) = Server::start() else {
        return;
    };
    let bed = Bed::new(server.store());
    bed.call().await;
    let sleeps = move || {
        server.cli(&["DEBUG", "SLEEP", "2"]);
        server
    };
    let (calls, _server) = bed.calls_while(sleeps).await;
    calls.waited_once();
    bed.recovers().await;
    bed.opened_and_closed_once();
}
