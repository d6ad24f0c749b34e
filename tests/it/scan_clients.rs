//! Per-client limits: a client that starts many sign-ins does not affect others.

use std::time::Duration;

use http::Request;
use http::request::Parts;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::scan_login::{
    MemoryScanStore, PendingLogin, ScanError, ScanLogin, ScanStatus, ScanStore, ScannedUser,
};
use tower_wechat::{Clock, ManualClock, StoreError};

use crate::examples::{example, start};
use crate::support::{Wire, clock};

fn from(client: &str) -> Parts {
    let request = Request::get("/").header("client", client);
    request.body(()).unwrap().into_parts().0
}

/// A store of at most `capacity` sign-ins, with the client read from a header.
fn scans(clock: &ManualClock, capacity: usize) -> ScanLogin {
    let wechat = Sandbox::with_clock(clock.clone()).wechat();
    ScanLogin::new(&wechat)
        .store(MemoryScanStore::new(clock.clone(), capacity))
        .patience(Duration::from_millis(1))
        .client_key(|request: &Parts| request.headers["client"].as_bytes().to_vec())
}

async fn is_pending(scans: &ScanLogin, pending: &PendingLogin) -> bool {
    scans.wait(pending.id()).await.unwrap() == ScanStatus::Waiting
}

#[tokio::test(start_paused = true)]
async fn a_client_that_starts_ten_thousand_evicts_only_its_own() {
    let scans = scans(&clock(), 100);
    let other = scans.start_for(&from("other")).await.unwrap();
    let mut begun = Vec::new();
    for _ in 0..10_000 {
        begun.push(scans.start_for(&from("flood")).await.unwrap());
    }
    assert!(is_pending(&scans, &other).await);
    let (old, new) = begun.split_at(10_000 - 20);
    for pending in new {
        assert!(is_pending(&scans, pending).await);
    }
    for pending in old.iter().step_by(500).chain(old.last()) {
        assert!(!is_pending(&scans, pending).await);
    }
    for client in 0..79 {
        scans.start_for(&from(&client.to_string())).await.unwrap();
    }
    assert!(is_pending(&scans, &other).await);
}

/// The server may not know the peer's address.
#[tokio::test(start_paused = true)]
async fn unknown_clients_evict_no_sign_in() {
    let scans = scans(&clock(), 100);
    let first = scans.start_for(&from("")).await.unwrap();
    for _ in 0..99 {
        scans.start_for(&from("")).await.unwrap();
    }
    let refused = scans.start_for(&from("")).await;
    assert!(matches!(refused, Err(ScanError::Full)));
    assert!(is_pending(&scans, &first).await);
}

#[tokio::test(start_paused = true)]
async fn a_full_store_evicts_no_sign_in() {
    let clock = clock();
    let scans = scans(&clock, 3).pending_per_client(2);
    let first = scans.start_for(&from("a")).await.unwrap();
    let second = scans.start_for(&from("a")).await.unwrap();
    let third = scans.start_for(&from("b")).await.unwrap();
    for client in ["b", "c"] {
        let refused = scans.start_for(&from(client)).await;
        assert!(matches!(refused, Err(ScanError::Full)), "{client}");
    }
    for pending in [&first, &second, &third] {
        assert!(is_pending(&scans, pending).await);
    }
    // Rejected attempts do not count: once there is room, b gets it and loses nothing.
    clock.advance(Duration::from_secs(150));
    scans.start_for(&from("a")).await.unwrap();
    assert!(!is_pending(&scans, &first).await && is_pending(&scans, &second).await);
    clock.advance(Duration::from_secs(151));
    let of_b = [
        scans.start_for(&from("b")).await.unwrap(),
        scans.start_for(&from("b")).await.unwrap(),
    ];
    for pending in &of_b {
        assert!(is_pending(&scans, pending).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_has_at_most_ten_waiters() {
    let scans = scans(&clock(), 100)
        .max_waiting(12)
        .patience(Duration::from_secs(25));
    let flood = scans.start_for(&from("flood")).await.unwrap();
    let other = scans.start_for(&from("other")).await.unwrap();
    let waits: Vec<_> = (0..100)
        .map(|_| {
            let (scans, id) = (scans.clone(), flood.id().clone());
            tokio::spawn(async move { scans.wait(&id).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refused = waits.iter().filter(|wait| wait.is_finished()).count();
    assert_eq!(refused, 90);
    let status = scans.wait(other.id()).await;
    assert_eq!(status.unwrap(), ScanStatus::Waiting);
    let status = scans.wait(flood.id()).await;
    assert_eq!(status.unwrap(), ScanStatus::Waiting, "the waits ended");
}

/// A store that takes a second to open a sign-in and cannot close one.
struct Slow;

impl ScanStore for Slow {
    async fn open(&self, _: &str, _: Duration) -> Result<bool, StoreError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(true)
    }

    async fn complete(&self, _: &str, _: ScannedUser) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn wait(&self, _: &str) -> Result<Option<ScannedUser>, StoreError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn concurrent_or_aborted_starts_do_not_exceed_the_limit() {
    let clock = clock();
    let scans = scans(&clock, 0).store(Slow);
    let begin = |client: &'static str| {
        let scans = scans.clone();
        async move { scans.start_for(&from(client)).await }
    };
    let at_once: Vec<_> = (0..100).map(|_| tokio::spawn(begin("hasty"))).collect();
    let mut begun = 0;
    for task in at_once {
        begun += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(begun, 20);
    for _ in 0..20 {
        let hung_up = tokio::time::timeout(Duration::from_millis(500), begin("hung up"));
        assert!(hung_up.await.is_err());
    }
    let (hasty, hung_up) = (begin("hasty").await, begin("hung up").await);
    assert!(matches!(hasty, Err(ScanError::Full)));
    assert!(matches!(hung_up, Err(ScanError::Full)));
    begin("other").await.unwrap();
    // Ended sign-ins do not count, even when the wall clock is set back meanwhile.
    let before = clock.now();
    clock.advance(Duration::from_secs(300));
    clock.set(before);
    begin("hasty").await.unwrap();
}

/// Returns the cookie of a page that the example serves to a client behind its proxy.
async fn page(wire: &mut Wire, hops: &str) -> Vec<u8> {
    let headers = [("X-Forwarded-For", hops.as_bytes())];
    let (status, head, _) = wire.get("/", &headers).await;
    assert_eq!(status, 200);
    let cookie = head.split("set-cookie: ").nth(1).unwrap();
    cookie.split(';').next().unwrap().as_bytes().to_vec()
}

async fn finish(wire: &mut Wire, cookie: &[u8]) -> u16 {
    wire.get("/login/scan/finish", &[("Cookie", cookie)])
        .await
        .0
}

#[tokio::test]
async fn the_example_distinguishes_clients_behind_its_proxy() {
    let mut command = example("scan_login");
    command.args(["127.0.0.1:0", "127.0.0.1"]);
    let (_child, base) = start(command).await;
    let mut wire = Wire::to(&base).await;
    let other = page(&mut wire, "198.51.100.7").await;
    let mut flood = Vec::new();
    for number in 0..22 {
        // The part a client writes comes before the part the proxy appends.
        let hops = format!("10.0.0.{number}, 2001:db8::{number:x}");
        flood.push(page(&mut wire, &hops).await);
    }
    assert_eq!(finish(&mut wire, &other).await, 409, "waits for its scan");
    assert_eq!(finish(&mut wire, &flood[0]).await, 410);
    assert_eq!(finish(&mut wire, &flood[1]).await, 410);
    assert_eq!(finish(&mut wire, &flood[2]).await, 409);

    // The header of a peer that is not on the list is ignored.
    let mut command = example("scan_login");
    command.args(["127.0.0.1:0", "10.0.0.0/8"]);
    let (_child, base) = start(command).await;
    let mut wire = Wire::to(&base).await;
    let first = page(&mut wire, "198.51.100.7").await;
    for number in 0..20 {
        page(&mut wire, &format!("198.51.100.{number}")).await;
    }
    assert_eq!(finish(&mut wire, &first).await, 410);
}

/// A store that cannot be reached.
struct Down;

impl ScanStore for Down {
    async fn open(&self, _: &str, _: Duration) -> Result<bool, StoreError> {
        Err(StoreError::new("down"))
    }

    async fn complete(&self, _: &str, _: ScannedUser) -> Result<bool, StoreError> {
        Err(StoreError::new("down"))
    }

    async fn wait(&self, _: &str) -> Result<Option<ScannedUser>, StoreError> {
        Err(StoreError::new("down"))
    }
}

#[tokio::test]
async fn a_failing_store_does_not_make_the_count_of_clients_grow_without_bound() {
    let clock = clock();
    let scans = scans(&clock, 0).store(Down);
    for client in 0..100_000 {
        let begun = scans.start_for(&from(&client.to_string())).await;
        assert!(matches!(begun, Err(ScanError::Store(_))), "{client}");
    }
    let begun = scans.start_for(&from("another")).await;
    assert!(matches!(begun, Err(ScanError::Full)));
    clock.advance(Duration::from_secs(300));
    let begun = scans.start_for(&from("another")).await;
    assert!(matches!(begun, Err(ScanError::Store(_))));
}
