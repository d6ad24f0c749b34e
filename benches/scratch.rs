//! Scratch.
#![allow(missing_docs, clippy::unwrap_used)]
use std::time::{Duration, Instant};
use tower::{Layer, ServiceExt};
use tower_wechat::callback::dedup::{DedupLayer, DedupStore, PushKey};
use tower_wechat::shared::Owner;
use tower_wechat::shared::redis::{RedisStore, SealKey};
use tower_wechat::{AppId, Message, Reply, handler_fn};

fn message(id: u64) -> Message {
    let text = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oTEST_user_0001</FromUserName><CreateTime>1767225600</CreateTime><MsgType>text</MsgType><Content>hello</Content><MsgId>{id}</MsgId></xml>"
    );
    Message::parse(AppId::new("wx3cc8fd6963e31a32").unwrap(), text).unwrap()
}
fn p50(mut t: Vec<Duration>) -> f64 {
    t.sort();
    t[t.len() / 2].as_secs_f64() * 1e6
}

fn main() {
    let port = std::env::args()
        .filter_map(|a| a.parse::<u16>().ok())
        .next()
        .unwrap_or(7799);
    let url = format!("redis://127.0.0.1:{port}");
    for workers in [0, 1, 2] {
        let rt = if workers == 0 {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
        } else {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(workers)
                .enable_all()
                .build()
        }
        .unwrap();
        rt.block_on(async {
            let body = async {
                let client = redis::Client::open(&*url).unwrap();
                let mut conn = client.get_multiplexed_async_connection().await.unwrap();
                let store = RedisStore::new(&url).unwrap();
                let sealed = store.clone().seal(SealKey::new([3;32]));
                let handler = handler_fn(|_: Message| async { Reply::text("a reply of some words") });
                let plain = DedupLayer::new().layer(handler.clone());
                let shared = DedupLayer::new().store(store.clone()).layer(handler.clone());
                let sealed = DedupLayer::new().store(sealed).layer(handler);
                let mut id: u64 = rand::random::<u32>() as u64 * 1000000;
                for pause in [0u64, 200] {
                    let (mut ping, mut a, mut b, mut c, mut d) = (vec![], vec![], vec![], vec![], vec![]);
                    for _ in 0..4000 {
                        let gap = async || if pause > 0 { tokio::time::sleep(Duration::from_micros(pause)).await };
                        gap().await;
                        let t = Instant::now();
                        redis::cmd("PING").exec_async(&mut conn).await.unwrap();
                        ping.push(t.elapsed());
                        id += 1; let m = message(id); gap().await;
                        let t = Instant::now(); plain.clone().oneshot(m).await.unwrap(); a.push(t.elapsed());
                        id += 1; let m = message(id); gap().await;
                        let t = Instant::now(); shared.clone().oneshot(m).await.unwrap(); b.push(t.elapsed());
                        id += 1; let m = message(id); gap().await;
                        let t = Instant::now(); sealed.clone().oneshot(m).await.unwrap(); c.push(t.elapsed());
                        id += 1; let m = message(id); gap().await;
                        let key = PushKey::of(&m);
                        let t = Instant::now(); store.claim(&key, &Owner::new(), Duration::from_secs(4)).await.unwrap(); d.push(t.elapsed());
                    }
                    let (p, a, b, c, d) = (p50(ping), p50(a), p50(b), p50(c), p50(d));
                    println!("workers {workers} pause {pause}us: PING {p:.1} plain {a:.1} shared {b:.1} ({:.2}) sealed {c:.1} ({:.2}) claim {d:.1} ({:.2})", (b-a)/p, (c-a)/p, d/p);
                }
            };
            if workers == 0 { body.await } else { body.await }
        });
    }
}
