//! The stores of the crate keep the rules, and stores that break one are found.

mod broken_tokens;

use tower_wechat::shared::conformance;
use tower_wechat::shared::redis::{RedisStore, SealKey};
use tower_wechat::token::MemoryTokenStore;

use crate::server::Server;

/// Returns a plain and a sealed store.
fn stores(server: &Server) -> [RedisStore; 2] {
    [
        server.store(),
        server.store().seal(SealKey::new([7; 32])).prefix("sealed"),
    ]
}

#[tokio::test]
async fn tokens() {
    let memory = MemoryTokenStore::new();
    conformance::token_store(&memory).await.unwrap();
    conformance::token_leases(&memory).await.unwrap();
    let Some(server) = Server::start() else {
        return;
    };
    for store in stores(&server) {
        conformance::token_store(&store).await.unwrap();
        conformance::token_leases(&store).await.unwrap();
    }
}
