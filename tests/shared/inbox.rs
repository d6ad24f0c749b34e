//! An inbox on Redis that several processes share.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use tower::{Layer, ServiceExt, service_fn};
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::callback::inbox::{
    DeadLimits, Entry, EntryKey, Inbox, InboxLayer, InboxStore, Put, Taken, TakenEntry,
};
use tower_wechat::shared::Owner;
use tower_wechat::shared::redis::{RedisStore, SealKey};
use tower_wechat::{AppId, Message, Reply};

use crate::server::Server;

const HOUR: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(30);
const APPS: [&str; 2] = ["wx3cc8fd6963e31a32", "wx3cc8fd6963e31a33"];

/// What each user wrote, in the order in which it was handled.
type Log = Arc<Mutex<BTreeMap<String, Vec<usize>>>>;

fn appid(app: usize) -> AppId {
    AppId::new(APPS[app]).unwrap()
}

/// Returns the entry `number` of a user, whose payload is that number.
fn entry(app: usize, user: &str, number: usize) -> Entry {
    let key = EntryKey::new(appid(app), user, DedupKey::from_bytes(rand::random()));
    Entry::new(key, number.to_string())
}

async fn put(store: &RedisStore, entry: &Entry) {
    let put = InboxStore::put(store, entry, None, HOUR).await.unwrap();
    assert_eq!(put, Put::Stored);
}

async fn take(store: &RedisStore, owner: &Owner, lease: Duration) -> Option<TakenEntry> {
    match InboxStore::take(store, owner, lease).await.unwrap() {
        Taken::Entry(taken) => Some(taken),
        _ => None,
    }
}

/// Works through the entries as a process that dies again and again: of each three entries it takes
/// one and never ends it.
async fn mortal(store: RedisStore, log: Log, all: usize) {
    let lease = Duration::from_millis(400);
    for turn in 0.. {
        if log.lock().unwrap().values().map(Vec::len).sum::<usize>() == all {
            return;
        }
        let owner = Owner::new();
        let Some(taken) = take(&store, &owner, lease).await else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        if turn % 3 == 0 && taken.attempt < 3 {
            continue;
        }
        let Entry { key, payload, .. } = taken.entry;
        let user = format!("{} {}", key.appid, key.openid);
        let number = String::from_utf8_lossy(&payload).parse().unwrap();
        log.lock().unwrap().entry(user).or_default().push(number);
        let finished = InboxStore::finish(&store, &key, &owner, HOUR).await;
        assert!(finished.unwrap(), "the lease ended while the entry ran");
    }
}

#[tokio::test]
async fn a_worker_that_dies_loses_nothing_and_keeps_the_order_of_a_user() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store().seal(SealKey::new([7; 32]));
    for number in 0..20 {
        for (app, user) in [(0, "o1"), (0, "o2"), (1, "o1"), (1, "o3")] {
            put(&store, &entry(app, user, number)).await;
        }
    }
    let log = Log::default();
    let worker = || {
        let store = server.store().seal(SealKey::new([7; 32]));
        tokio::spawn(mortal(store, log.clone(), 80))
    };
    for worker in [worker(), worker(), worker()] {
        timeout(PATIENCE, worker).await.unwrap().unwrap();
    }
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 4);
    for (user, numbers) in &*log {
        assert!(numbers.iter().copied().eq(0..20), "{user}: {numbers:?}");
    }
    // Nothing of an ended entry is left but its key, for its window.
    let keys = server.cli(&["KEYS", "*inbox*"]);
    let kinds = keys.lines().filter_map(|key| key.rsplit(':').next());
    let mut kinds: Vec<_> = kinds.filter(|kind| *kind != "probe").collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["apps", "finished", "finished", "last", "last"]);
}

#[tokio::test]
async fn the_process_that_works_need_not_be_the_one_that_receives() {
    let Some(server) = Server::start() else {
        return;
    };
    let receives = Inbox::redis(server.store());
    // Stores messages, and runs none.
    receives.close(std::future::ready(())).await;
    let unexpected = |_: Message| async {
        panic!("the process that receives has run a message");
        #[expect(unreachable_code, reason = "the type of the handler")]
        Ok::<_, Infallible>(Reply::none())
    };
    let front = InboxLayer::new(receives.clone()).layer(service_fn(unexpected));

    let log = Log::default();
    let heard = log.clone();
    let handler = service_fn(move |message: Message| {
        let heard = heard.clone();
        async move {
            sleep(Duration::from_millis(5)).await;
            let number = message
                .field("Content")
                .unwrap_or_default()
                .parse()
                .unwrap();
            let user = message.from_user_name().to_owned();
            heard.lock().unwrap().entry(user).or_default().push(number);
            Ok::<_, Infallible>(Reply::none())
        }
    });
    let works = Inbox::redis(server.store());
    let _worker = InboxLayer::new(works.clone()).layer(handler);

    for number in 0..20 {
        for user in ["o1", "o2", "o3"] {
            let document = format!(
                "<xml><FromUserName>{user}</FromUserName><MsgType>text</MsgType>\
                 <Content>{number}</Content><MsgId>{user}{number}</MsgId></xml>"
            );
            let message = Message::parse(appid(0), document).unwrap();
            let reply = front.clone().oneshot(message).await.unwrap();
            assert_eq!(reply, Reply::none());
        }
    }
    let began = Instant::now();
    while receives.stats().await.unwrap().depth > 0 {
        assert!(began.elapsed() < PATIENCE, "{:?}", receives.stats().await);
        sleep(Duration::from_millis(20)).await;
    }
    works.close(sleep(PATIENCE)).await;
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 3);
    for (user, numbers) in &*log {
        assert!(numbers.iter().copied().eq(0..20), "{user}: {numbers:?}");
    }
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_stays_for_who_has_its_key() {
    let Some(server) = Server::start() else {
        return;
    };
    let (old, new) = (SealKey::new([1; 32]), SealKey::new([2; 32]));
    let before = server.store().seal(old.clone());
    let during = server.store().seal(new.clone()).previous_seal(old);
    let after = server.store().seal(new);
    let [first, second] = [entry(0, "o1", 1), entry(0, "o2", 2)];
    put(&before, &first).await;
    put(&during, &second).await;

    // Stored under a name of the old key and sealed with the new one: it is taken and ended.
    let owner = Owner::new();
    let taken = take(&after, &owner, HOUR).await.unwrap();
    assert_eq!((&taken.entry, taken.attempt), (&second, 1));
    let finished = InboxStore::finish(&after, &second.key, &owner, HOUR).await;
    assert!(finished.unwrap());
    assert_eq!(after.contents().await.unwrap().depth, 1);

    // The pause of the other one is over.
    let name = format!("wechat:{{{}}}:inbox:ends", APPS[0]);
    let id = server.cli(&["ZRANGE", &name, "0", "0"]);
    server.cli(&["ZADD", &name, "0", &id]);
    let taken = take(&during, &Owner::new(), HOUR).await.unwrap();
    assert_eq!((&taken.entry, taken.attempt), (&first, 1));
}

#[tokio::test]
async fn what_was_stored_survives_the_death_of_the_server() {
    let options = ["--appendonly", "yes", "--appendfsync", "always"];
    let Some(mut server) = Server::with(&options) else {
        return;
    };
    let stored = Arc::new(Mutex::new(Vec::new()));
    let receivers = [0, 1, 2, 3].map(|receiver| {
        let (store, stored) = (server.store(), stored.clone());
        tokio::spawn(async move {
            for number in 0.. {
                let entry = entry(0, &format!("o{receiver}"), number);
                match InboxStore::put(&store, &entry, None, HOUR).await {
                    Ok(Put::Stored) => stored.lock().unwrap().push(entry),
                    other => return assert!(other.is_err(), "{other:?}"),
                }
            }
        })
    });
    while stored.lock().unwrap().len() < 200 {
        sleep(Duration::from_millis(1)).await;
    }
    server.kill();
    for receiver in receivers {
        timeout(PATIENCE, receiver).await.unwrap().unwrap();
    }
    server.restart();
    while server.cli(&["PING"]) != "PONG" {
        // It reads its file.
        sleep(Duration::from_millis(10)).await;
    }
    let store = server.store();
    let mut left = stored.lock().unwrap().clone();
    for entry in &left {
        assert!(store.is_known(&entry.key).await.unwrap());
    }
    let mut last = [None; 4];
    loop {
        let owner = Owner::new();
        let Some(taken) = take(&store, &owner, HOUR).await else {
            break;
        };
        let Entry { key, payload, .. } = taken.entry;
        let number: Option<usize> = String::from_utf8_lossy(&payload).parse().ok();
        let user: usize = key.openid[1..].parse().unwrap();
        assert!(number > last[user], "{number:?} of {user} after {last:?}");
        last[user] = number;
        left.retain(|entry| entry.key != key);
        assert!(
            InboxStore::finish(&store, &key, &owner, HOUR)
                .await
                .unwrap()
        );
    }
    assert!(left.is_empty(), "lost: {left:?}");
}

#[tokio::test]
async fn what_is_stored_twice_is_there_once_and_a_take_can_be_repeated() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let one = entry(0, "o1", 1);
    put(&store, &one).await;
    put(&store, &entry(0, "o2", 2)).await;
    let owner = Owner::new();
    for _ in 0..2 {
        // The answer of the first call may have been lost.
        let taken = take(&store, &owner, HOUR).await.unwrap();
        assert_eq!((&taken.entry, taken.attempt), (&one, 1));
    }
    let again = InboxStore::put(&server.store(), &one, None, HOUR).await;
    assert_eq!(again.unwrap(), Put::Known);
    let contents = store.contents().await.unwrap();
    assert_eq!((contents.depth, contents.dead_letters), (2, 0));
}

#[tokio::test]
async fn dead_letters_are_dropped_at_their_age() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let short = DeadLimits::new(10, Duration::from_millis(50));
    let [one, two] = [entry(0, "o1", 1), entry(1, "o1", 2)];
    for (entry, limits) in [(&one, short), (&two, DeadLimits::new(10, HOUR))] {
        put(&store, entry).await;
        let owner = Owner::new();
        take(&store, &owner, HOUR).await.unwrap();
        let buried = store.bury(&entry.key, &owner, "no", limits).await;
        assert!(buried.unwrap());
    }
    sleep(Duration::from_millis(100)).await;
    let letters = store.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].entry, two);
    assert_eq!(store.contents().await.unwrap().dead_letters, 1);
    // A worker that has nothing to do removes it.
    assert!(store.is_known(&one.key).await.unwrap());
    assert!(take(&store, &Owner::new(), HOUR).await.is_none());
    assert!(!store.is_known(&one.key).await.unwrap());
}

#[tokio::test]
async fn a_full_server_refuses_new_entries_and_lets_the_others_end() {
    let Some(server) = Server::with(&["--maxmemory-policy", "noeviction"]) else {
        return;
    };
    let store = server.store();
    let entries = [1, 2, 3].map(|number| entry(0, "o1", number));
    for entry in &entries {
        put(&store, entry).await;
    }
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let [one, two, three] = entries.map(|entry| entry.key);
    let mut owner = Owner::new();
    take(&store, &owner, HOUR).await.unwrap();
    let retried = store.retry(&one, &owner, Duration::ZERO, None).await;
    assert!(retried.unwrap());
    owner = Owner::new();
    assert_eq!(take(&store, &owner, HOUR).await.unwrap().attempt, 2);
    assert!(
        InboxStore::finish(&store, &one, &owner, HOUR)
            .await
            .unwrap()
    );
    owner = Owner::new();
    take(&store, &owner, HOUR).await.unwrap();
    let limits = DeadLimits::new(10, HOUR);
    assert!(store.bury(&two, &owner, "no", limits).await.unwrap());
    owner = Owner::new();
    assert_eq!(take(&store, &owner, HOUR).await.unwrap().entry.key, three);

    let refused = InboxStore::put(&store, &entry(0, "o1", 4), None, HOUR).await;
    assert!(refused.is_err());
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    let contents = server.store().contents().await.unwrap();
    assert_eq!((contents.depth, contents.dead_letters), (1, 1));
}
