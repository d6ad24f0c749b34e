//! Stress test: retried messages, broken connections, and handlers that fail and panic, all at
//! once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tower::{Layer, ServiceExt};
use tower_wechat::callback::deadline::{DeadlineLayer, HandlerTracker};
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::{Message, Reply, handler_fn};

use super::support::{callback, document, push, text_fields};

const MESSAGES: usize = 1000;

/// A pseudorandom number generator with a fixed seed.
#[derive(Clone)]
struct Dice(Arc<AtomicUsize>);

impl Dice {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    /// Returns a number below `sides`.
    fn roll(&self, sides: usize) -> usize {
        let mut x = self.0.fetch_add(1, Ordering::Relaxed) as u64;
        // splitmix64
        x = x.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((x ^ (x >> 31)) % sides as u64).unwrap()
    }

    fn chance(&self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

/// Runs the test with `second` as the length of a second.
async fn storm(second: Duration) {
    let tenths = move |tenths: usize| second * u32::try_from(tenths).unwrap() / 10;
    let (dice, handlers) = (Dice::new(), HandlerTracker::new());
    let handled: Arc<Vec<AtomicUsize>> =
        Arc::new((0..MESSAGES).map(|_| AtomicUsize::new(0)).collect());

    let (record, chance) = (Arc::clone(&handled), dice.clone());
    let handler = handler_fn(move |message: Message| {
        let (record, dice) = (Arc::clone(&record), chance.clone());
        async move {
            // A failure after the push was answered would lose the message.
            let fails = dice.chance(30);
            tokio::time::sleep(tenths(dice.roll(if fails { 30 } else { 80 }))).await;
            if fails && dice.chance(50) {
                panic!("a handler may panic");
            }
            if fails {
                return Err(std::io::Error::other("a handler may fail"));
            }
            let id: usize = message.msg_id().unwrap().parse().unwrap();
            record[id].fetch_add(1, Ordering::SeqCst);
            Ok(Reply::text(message.msg_id().unwrap()))
        }
    });
    let deadline = DeadlineLayer::ack_after(tenths(45)).handlers(&handlers);
    let dedup = DedupLayer::new().layer(deadline.layer(handler));
    let callback = callback(dedup.clone());

    let senders: Vec<_> = (1..MESSAGES)
        .map(|id| {
            let (callback, dice) = (callback.clone(), dice.clone());
            tokio::spawn(async move {
                let mut answered = 0;
                for number in 0.. {
                    let request = push(&format!("{id}-{number}"), document(&text_fields(id)));
                    let sent = callback.clone().oneshot(request);
                    let patience = tenths(if dice.chance(30) { dice.roll(40) } else { 50 });
                    // A broken connection, or the platform's full wait.
                    if let Ok(Ok(response)) = tokio::time::timeout(patience, sent).await {
                        answered += usize::from(response.status() == StatusCode::OK);
                    }
                    // Sometimes one retry more than needed.
                    if answered > 0 && (answered > 3 || dice.chance(60)) {
                        return;
                    }
                    tokio::time::sleep(tenths(dice.roll(20))).await;
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    assert_eq!(handlers.drain(tokio::time::sleep(second * 20)).await, 0);
    assert_eq!((dedup.running(), dedup.remembered()), (0, MESSAGES - 1));
    for (id, count) in handled.iter().enumerate().skip(1) {
        assert_eq!(count.load(Ordering::SeqCst), 1, "message {id}");
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_storm_every_message_is_handled_exactly_once() {
    storm(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_storm_on_many_threads_every_message_is_handled_exactly_once() {
    storm(Duration::from_millis(40)).await;
}
