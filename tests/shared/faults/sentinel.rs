//! Redis Sentinel promotes a replica.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tower_wechat::shared::redis::RedisStore;

use super::bed::Bed;
use super::proxy::{Mode, Proxy};
use crate::directory::Directory;
use crate::server::{PROGRAM, Server, cli, free_port, until_listening};

const MASTER: &str = "mymaster";

/// Half a second until the master counts as down, a second to elect, and the store's own recovery.
const FAILOVER: Duration = Duration::from_secs(20);

/// A master, a replica, and three sentinels.
struct Sentinels {
    servers: Vec<Server>,
    sentinels: Vec<(Child, u16)>,
    _directory: Directory,
}

impl Sentinels {
    fn start() -> Option<Self> {
        let master = Server::start()?;
        let port = master.port.to_string();
        let replica = Server::with(&["--replicaof", "127.0.0.1", &port])?;
        until(|| {
            replica
                .cli(&["INFO", "replication"])
                .contains("master_link_status:up")
        });
        let directory = Directory::new();
        let sentinels = (0..3).map(|_| sentinel(&directory, master.port)).collect();
        let this = Self {
            servers: vec![master, replica],
            sentinels,
            _directory: directory,
        };
        // Each knows the replica and the other two.
        until(|| {
            this.sentinels.iter().all(|(_, port)| {
                let known = cli(*port, &["SENTINEL", "MASTERS"]);
                let has = |name: &str, count: &str| known.contains(&format!("{name}\n{count}\n"));
                has("num-slaves", "1") && has("num-other-sentinels", "2")
            })
        });
        Some(this)
    }

    fn urls(&self) -> Vec<String> {
        let url = |(_, port): &(Child, u16)| format!("redis://127.0.0.1:{port}");
        self.sentinels.iter().map(url).collect()
    }

    fn store(&self) -> RedisStore {
        RedisStore::sentinel(MASTER, self.urls()).unwrap()
    }
}

impl Drop for Sentinels {
    fn drop(&mut self) {
        for (process, _) in &mut self.sentinels {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn sentinel(directory: &Directory, master: u16) -> (Child, u16) {
    let port = free_port();
    let config = format!(
        "port {port}\n\
         bind 127.0.0.1\n\
         dir {}\n\
         sentinel monitor {MASTER} 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds {MASTER} 500\n\
         sentinel failover-timeout {MASTER} 2000\n",
        directory.text()
    );
    let file = directory.write(&format!("sentinel-{port}.conf"), &config);
    let process = Command::new(&*PROGRAM)
        .args([&*file, "--sentinel"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until_listening(port);
    (process, port)
}

fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "the sentinels did not settle"
        );
        sleep(Duration::from_millis(50));
    }
}

fn is_master(server: &Server) -> bool {
    server.cli(&["ROLE"]).starts_with("master")
}

#[tokio::test]
async fn the_store_goes_on_with_the_promoted_replica() {
    let Some(mut sentinels) = Sentinels::start() else {
        return;
    };
    let bed = Bed::new(sentinels.store());
    bed.call().await;
    bed.changed(&[]);
    let kill = move || {
        sentinels.servers[0].kill();
        until(|| is_master(&sentinels.servers[1]));
        sentinels
    };
    let (calls, sentinels) = bed.calls_while(kill).await;
    calls.waited_once();
    bed.recovers_within(FAILOVER).await;
    bed.opened_and_closed_once();
    bed.call().await;
    assert!(
        sentinels.servers[1]
            .cli(&["KEYS", "*"])
            .contains("token:stable")
    );
}

#[tokio::test]
async fn the_store_leaves_a_master_that_was_demoted() {
    let Some(sentinels) = Sentinels::start() else {
        return;
    };
    let bed = Bed::new(sentinels.store());
    bed.call().await;
    let demote = move || {
        cli(sentinels.sentinels[0].1, &["SENTINEL", "FAILOVER", MASTER]);
        until(|| is_master(&sentinels.servers[1]) && !is_master(&sentinels.servers[0]));
        sentinels
    };
    let (_, sentinels) = bed.calls_while(demote).await;
    let began = Instant::now();
    // Without a command in between, the connection is replaced without a line in the log.
    loop {
        sentinels.servers[1].cli(&["FLUSHALL"]);
        bed.call().await;
        if sentinels.servers[1]
            .cli(&["KEYS", "*"])
            .contains("token:stable")
        {
            break;
        }
        assert!(began.elapsed() < FAILOVER, "{}", bed.log.text());
    }
}

/// The machine of the first sentinel is gone, together with the master.
#[tokio::test]
async fn a_sentinel_that_swallows_packets_holds_up_nobody() {
    let Some(mut sentinels) = Sentinels::start() else {
        return;
    };
    let proxy = Proxy::new(sentinels.sentinels[0].1);
    let mut urls = sentinels.urls();
    urls[0] = proxy.url();
    let bed = Bed::new(RedisStore::sentinel(MASTER, urls).unwrap());
    bed.call().await;
    let lose = move || {
        proxy.set(Mode::Swallow);
        sentinels.servers[0].kill();
        until(|| is_master(&sentinels.servers[1]));
        (sentinels, proxy)
    };
    let (calls, _gone) = bed.calls_while(lose).await;
    calls.waited_once();
    bed.recovers_within(FAILOVER).await;
    bed.opened_and_closed_once();
}
