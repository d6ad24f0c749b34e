//! The memory used by deduplication.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use allocation_counter::measure;
use tokio::runtime::Runtime;
use tower::{Layer, Service};
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::{AppId, ManualClock, Message, Reply, handler_fn};

use crate::counted::{count, holds, runtime};
use crate::fixture::{APPID, NOW, answering, quiet};
use crate::{DEDUP_FREED, DEDUP_HELD};

const KEPT: usize = 100_000;
const KIB: u64 = 1024;

fn message(id: usize) -> Message {
    let text = format!("<xml><FromUserName>o1</FromUserName><MsgId>{id}</MsgId></xml>");
    Message::parse(AppId::new(APPID).unwrap(), text).unwrap()
}

fn layer(clock: &ManualClock) -> DedupLayer {
    DedupLayer::new().clock(clock.clone())
}

#[test]
fn a_hundred_thousand_messages_take_little_memory() {
    let (runtime, clock) = (runtime(), ManualClock::at_unix(NOW));
    let mut dedup = layer(&clock).layer(quiet());
    let mut send = |id| runtime.block_on(dedup.call(message(id))).unwrap();
    let mut held = 0;
    let counted = measure(|| {
        let first = measure(|| (0..KEPT).for_each(|id| drop(send(id))));
        held = first.bytes_current;
        (KEPT..3 * KEPT).for_each(|id| drop(send(id)));
    });
    assert_eq!(dedup.remembered(), KEPT);
    let held = u64::try_from(held).unwrap().div_ceil(KIB);
    holds(DEDUP_HELD, "100,000 finished messages", held);
    let most = counted.bytes_max.div_ceil(KIB);
    holds(DEDUP_HELD, "at any moment while 300,000 come", most);
}

#[test]
fn each_of_the_last_hundred_thousand_messages_is_recognised() {
    let (runtime, clock) = (runtime(), ManualClock::at_unix(NOW));
    let handled = Arc::new(AtomicUsize::new(0));
    let handler = {
        let handled = Arc::clone(&handled);
        handler_fn(move |_: Message| {
            handled.fetch_add(1, Ordering::Relaxed);
            async { Reply::none() }
        })
    };
    let mut dedup = layer(&clock).layer(handler);
    let mut send = |message: &Message| runtime.block_on(dedup.call(message.clone())).unwrap();
    let mut last = VecDeque::new();
    for id in 0..3 * KEPT {
        let new = message(id);
        send(&new);
        last.push_back(new);
        // The message that is evicted next.
        if last.len() == KEPT {
            send(&last.pop_front().unwrap());
        }
    }
    last.iter().for_each(|message| drop(send(message)));
    assert_eq!(handled.load(Ordering::Relaxed), 3 * KEPT);
}

/// Returns how many more allocations the first call after an idle hour frees than it makes. By then
/// the memory is almost full, including replies.
fn freed_after_an_hour<S>(runtime: &Runtime, clock: &ManualClock, mut dedup: S) -> u64
where
    S: Service<Message, Response = Reply>,
    S::Error: fmt::Debug,
{
    for id in 0..195 * 1024 {
        runtime.block_on(dedup.call(message(id))).unwrap();
    }
    clock.advance(Duration::from_secs(3600));
    // Kept alive, so that freeing it is not counted.
    let again = message(0);
    let (counted, reply) = count(runtime, async { dedup.call(again.clone()).await });
    reply.unwrap();
    u64::try_from(-counted.count_current).unwrap_or(0)
}

#[test]
fn no_call_frees_all_expired_messages_at_once() {
    let (runtime, clock) = (runtime(), ManualClock::at_unix(NOW));
    let dedup = layer(&clock).layer(quiet());
    let freed = freed_after_an_hour(&runtime, &clock, dedup);
    holds(DEDUP_FREED, "200,000 messages without a reply", freed);
    let dedup = layer(&clock).layer(answering());
    let freed = freed_after_an_hour(&runtime, &clock, dedup);
    holds(DEDUP_FREED, "200,000 messages with a reply", freed);
}
