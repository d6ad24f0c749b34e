//! Commands that the client of a cluster sends again, since it did not get the answer.

use std::time::Duration;

use tower_wechat::callback::deadline::pick_up::PickUpStore;
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::shared::redis::RedisStore;
use tower_wechat::{AppId, Message, Reply};

use super::bed::APPID;
use super::proxy::Proxy;
use crate::server::{Server, bus_port};

const HOUR: Duration = Duration::from_secs(3600);

fn appid() -> AppId {
    AppId::new(APPID).unwrap()
}

async fn put(store: &RedisStore, openid: &str, texts: &[&str]) -> usize {
    let parts = texts.iter().copied().map(Reply::text).collect();
    let put = store.put(&appid(), openid, parts, 32, HOUR).await;
    put.unwrap()
}

/// Takes all parts of a user, each for another message.
async fn all(store: &RedisStore, openid: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for id in 0.. {
        let document = format!("<xml><FromUserName>o</FromUserName><MsgId>{id}</MsgId></xml>");
        let message = Message::parse(appid(), document).unwrap();
        let taken = store.take(&appid(), openid, &DedupKey::new(&message)).await;
        let Some(taken) = taken.unwrap() else { break };
        texts.push(taken.reply.as_text().unwrap().to_owned());
    }
    texts
}

#[tokio::test]
async fn late_replies_are_put_once() {
    let port = bus_port();
    let proxy = Proxy::new(port);
    let announced = ["--cluster-announce-port", &proxy.port.to_string()];
    let Some(server) = Server::start_cluster_with(port, &announced) else {
        return;
    };
    let store = RedisStore::cluster([proxy.url()]).unwrap();
    // Loads the script: an answer that it is unknown would be lost instead.
    assert_eq!(put(&store, "o1", &["warm"]).await, 1);
    server.cli(&["CONFIG", "RESETSTAT"]);
    proxy.lose_next_answer();
    assert_eq!(put(&store, "o2", &["one", "two"]).await, 2);
    assert!(!proxy.has_lost_none());
    let stats = server.cli(&["INFO", "commandstats"]);
    assert!(stats.contains("cmdstat_evalsha:calls=2,"), "{stats}");
    // Another call with the same parts is not a repetition.
    assert_eq!(put(&store, "o2", &["one"]).await, 1);
    assert_eq!(all(&store, "o2").await, ["one", "two", "one"]);
    assert_eq!(all(&store, "o1").await, ["warm"]);
}
