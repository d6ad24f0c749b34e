//! The stores of the crate keep the rules, and stores that break one are found.

mod broken_codes;
mod broken_dedup;
mod broken_pick_up;
mod broken_scans;
mod broken_tokens;
mod clock;

use tower_wechat::callback::deadline::pick_up::MemoryPickUpStore;
use tower_wechat::callback::dedup::MemoryDedupStore;
use tower_wechat::oauth::MemoryCodeStore;
use tower_wechat::scan_login::MemoryScanStore;
use tower_wechat::shared::conformance::{self, Broken};
use tower_wechat::shared::redis::{RedisStore, SealKey};
use tower_wechat::token::MemoryTokenStore;

use self::clock::TokioClock;
use crate::server::Server;

#[tokio::test(start_paused = true)]
async fn memory() {
    let tokens = MemoryTokenStore::with_clock(TokioClock::new());
    conformance::token_store(&tokens).await.unwrap();
    conformance::token_leases(&tokens).await.unwrap();
    let pushes = MemoryDedupStore::new().clock(TokioClock::new());
    conformance::dedup_store(&pushes).await.unwrap();
    conformance::dedup_remember(&pushes).await.unwrap();
    let codes = MemoryCodeStore::with_clock(TokioClock::new(), 1000);
    conformance::code_store(&codes).await.unwrap();
    let scans = MemoryScanStore::new(TokioClock::new(), 1000);
    conformance::scan_store(&scans).await.unwrap();
    conformance::scan_close(&scans).await.unwrap();
    let late = MemoryPickUpStore::new().clock(TokioClock::new());
    conformance::pick_up_store(&late).await.unwrap();
}

#[tokio::test]
async fn redis() {
    let Some(server) = Server::start() else {
        return;
    };
    keeps_all(server.store()).await;
}

#[tokio::test]
async fn sealed_redis() {
    let Some(server) = Server::start() else {
        return;
    };
    keeps_all(server.store().seal(SealKey::new([7; 32]))).await;
}

#[tokio::test]
async fn redis_cluster() {
    let Some(server) = Server::start_cluster() else {
        return;
    };
    keeps_all(RedisStore::cluster([server.url()]).unwrap()).await;
}

/// Checks all rules at the same time, since each check waits for lives to end.
async fn keeps_all(store: RedisStore) {
    // The rules of an inbox are those of an empty one.
    let inbox = store.clone().prefix("inbox");
    let broken: [Result<(), Broken>; 9] = tokio::join!(
        conformance::token_store(&store),
        conformance::token_leases(&store),
        conformance::dedup_store(&store),
        conformance::dedup_remember(&store),
        conformance::code_store(&store),
        conformance::scan_store(&store),
        conformance::scan_close(&store),
        conformance::pick_up_store(&store),
        conformance::inbox_store(&inbox),
    )
    .into();
    for broken in broken {
        broken.unwrap();
    }
}
