//! A cluster of three masters with a replica each.

use std::collections::HashSet;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tower_wechat::Secret;
use tower_wechat::shared::Owner;
use tower_wechat::shared::redis::RedisStore;
use tower_wechat::token::{Issued, Lease, TokenStore};

use super::bed::{APPID, Bed, key, key_of};
use super::proxy::{Mode, Proxy};
use crate::directory::Directory;
use crate::server::{Server, bus_port};

/// A second until the master counts as down, the election, and the store's own recovery: a pause of
/// two seconds, three seconds to connect, and a probe.
const FAILOVER: Duration = Duration::from_secs(25);

struct Cluster {
    nodes: Vec<Server>,
    _directory: Directory,
}

impl Cluster {
    fn start() -> Option<Self> {
        let directory = Directory::new();
        let nodes: Vec<_> = (0..6)
            .map(|number| node(&directory, number))
            .collect::<Option<_>>()?;
        let addresses: Vec<_> = nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        let created = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .output()
            .unwrap();
        assert!(created.status.success(), "{created:?}");
        let this = Self {
            nodes,
            _directory: directory,
        };
        // A replica that has never been in step is not promoted.
        this.until(|| {
            let replicates = |node: &&Server| {
                let replication = node.cli(&["INFO", "replication"]);
                replication.contains("master_link_status:up")
            };
            let is_ok = |node: &Server| {
                let info = node.cli(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok")
            };
            this.nodes.iter().all(is_ok) && this.nodes.iter().filter(replicates).count() == 3
        });
        Some(this)
    }

    fn store(&self) -> RedisStore {
        let urls = self.nodes.iter().map(Server::url);
        RedisStore::cluster(urls).unwrap()
    }

    fn until(&self, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            let nodes = self.nodes[0].cli(&["CLUSTER", "NODES"]);
            assert!(
                began.elapsed() < FAILOVER,
                "the cluster did not settle: {nodes}"
            );
            sleep(Duration::from_millis(50));
        }
    }

    fn slot(&self, key: &str) -> String {
        self.nodes[0].cli(&["CLUSTER", "KEYSLOT", key])
    }

    /// Returns the indices of the masters, the one of the slot first.
    fn masters(&self, slot: &str) -> Vec<usize> {
        let is_master = |node: &Server| node.cli(&["ROLE"]).starts_with("master");
        let mut masters: Vec<_> = (0..6)
            .filter(|&index| is_master(&self.nodes[index]))
            .collect();
        // A key of another slot would be redirected.
        let has = |index: &usize| {
            let count = self.nodes[*index].cli(&["CLUSTER", "COUNTKEYSINSLOT", slot]);
            count != "0"
        };
        masters.sort_by_key(|index| !has(index));
        masters
    }

    fn id(&self, index: usize) -> String {
        self.nodes[index].cli(&["CLUSTER", "MYID"])
    }
}

fn node(directory: &Directory, number: usize) -> Option<Server> {
    let file = format!("nodes-{number}.conf");
    let options = [
        "--cluster-enabled",
        "yes",
        "--cluster-config-file",
        &file,
        "--cluster-node-timeout",
        "1000",
        "--dir",
        directory.text(),
    ];
    Server::with_port(bus_port(), &options)
}

fn appids() -> impl Iterator<Item = String> {
    (0..30).map(|number| format!("wx{number:016x}"))
}

#[tokio::test]
async fn the_tokens_of_many_apps_are_spread_over_the_nodes() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let store = cluster.store();
    for appid in appids() {
        let key = key_of(&appid);
        let owner = Owner::new();
        let life = Duration::from_secs(3);
        assert!(matches!(
            store.lease(&key, &owner, life).await,
            Ok(Lease::Granted(_))
        ));
        assert_eq!(
            store.lease(&key, &Owner::new(), life).await.unwrap(),
            Lease::Held
        );
        assert!(store.renew_lease(&key, &owner, life).await.unwrap());
        assert!(store.take_fetch(&key).await.unwrap());
        assert!(store.take_forced_refresh(&key).await.unwrap());
        assert!(!store.take_forced_refresh(&key).await.unwrap());
        let token = Issued::new(appid.clone(), Duration::from_secs(7200));
        store.save(&key, &token).await.unwrap();
        store.release_lease(&key, &owner).await.unwrap();
    }
    for appid in appids() {
        let key = key_of(&appid);
        let stored = store.load(&key).await.unwrap().unwrap();
        assert_eq!(stored.secret.expose(), appid);
        store.evict(&key, &Secret::new(appid)).await.unwrap();
        assert!(store.load(&key).await.unwrap().is_none());
    }
    let used: HashSet<_> = (0..6)
        .filter(|&index| cluster.nodes[index].cli(&["ROLE"]).starts_with("master"))
        .filter(|&index| cluster.nodes[index].cli(&["DBSIZE"]) != "0")
        .collect();
    assert_eq!(used.len(), 3);
}

#[tokio::test]
async fn calls_go_on_while_a_slot_moves() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let bed = Bed::new(cluster.store());
    bed.call().await;
    let moves = move || {
        let slot = cluster.slot(&format!("{{{APPID}}}"));
        let masters = cluster.masters(&slot);
        let (from, to) = (masters[0], masters[1]);
        let (from_id, to_id) = (cluster.id(from), cluster.id(to));
        let set = |index: usize, command: &[&str]| {
            let all = [&["CLUSTER", "SETSLOT", &slot], command].concat();
            assert_eq!(cluster.nodes[index].cli(&all), "OK");
        };
        set(to, &["IMPORTING", &from_id]);
        set(from, &["MIGRATING", &to_id]);
        sleep(Duration::from_millis(500));
        let port = cluster.nodes[to].port.to_string();
        for key in cluster.nodes[from]
            .cli(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"])
            .lines()
        {
            cluster.nodes[from].cli(&["MIGRATE", "127.0.0.1", &port, key, "0", "1000"]);
            sleep(Duration::from_millis(200));
        }
        sleep(Duration::from_millis(500));
        set(to, &["NODE", &to_id]);
        set(from, &["NODE", &to_id]);
        sleep(Duration::from_millis(500));
        cluster
    };
    let leases = async {
        // Of two keys one has moved: only this command fails, and no other.
        let mut failed = 0;
        loop {
            let (key, owner) = (key(), Owner::new());
            if let Err(error) = bed
                .store
                .lease(&key, &owner, Duration::from_millis(1))
                .await
            {
                failed += 1;
                println!("{failed} {error}");
                assert!(!error.is_logged());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (calls, _cluster) = tokio::select! {
        calls = bed.calls_while(moves) => calls,
        () = leases => unreachable!(),
    };
    println!("{calls:?} {}", bed.log.text());
    assert!(calls.slowest < Duration::from_secs(1), "{calls:?}");
    bed.recovers().await;
    assert_eq!(bed.log.changes(), []);
}

#[tokio::test]
async fn the_store_goes_on_after_a_failover() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let bed = Bed::new(cluster.store());
    bed.call().await;
    let slot = cluster.slot(&format!("{{{APPID}}}"));
    let dead = cluster.masters(&slot)[0];
    let kill = move || {
        let mut cluster = cluster;
        cluster.nodes[dead].kill();
        let others: Vec<_> = (0..6).filter(|&index| index != dead).collect();
        cluster.until(|| {
            others.iter().all(|&index| {
                let node = &cluster.nodes[index];
                node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
                    && node.cli(&["CLUSTER", "NODES"]).contains("fail")
            })
        });
        cluster
    };
    let (calls, _cluster) = bed.calls_while(kill).await;
    println!("{calls:?} {}", bed.log.text());
    assert!(calls.slowest < Duration::from_secs(1), "{calls:?}");
    bed.recovers_within(FAILOVER).await;
    println!("{}", bed.log.text());
    bed.call().await;
    bed.opened_and_closed_once();
}

/// One of the given nodes is on a machine that is gone.
#[tokio::test]
async fn a_node_that_swallows_packets_holds_up_nobody() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let proxy = Proxy::new(cluster.nodes[0].port);
    proxy.set(Mode::Swallow);
    let urls = [proxy.url(), cluster.nodes[1].url(), cluster.nodes[2].url()];
    let bed = Bed::new(RedisStore::cluster(urls).unwrap());
    bed.calls_for(Duration::from_millis(500))
        .await
        .waited_once();
    bed.recovers().await;
    bed.opened_and_closed_once();
}
