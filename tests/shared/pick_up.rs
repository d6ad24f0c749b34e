//! Late replies that wait on one instance and are picked up on another.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use tower::{Layer, ServiceExt};
use tower_wechat::callback::deadline::pick_up::{MemoryPickUpStore, PickUp, PickUpStore, Taken};
use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer, LateReply};
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::sandbox::{AccountType, Delivery, Push, Sandbox, User};
use tower_wechat::shared::redis::{RedisStore, SealKey};
use tower_wechat::{AppId, Message, Reply, StoreError, Wechat, handler_fn};

use crate::server::{Server, directory};

const HOUR: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(20);

/// An openid as the platform writes it.
const HUI: &str = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

fn appid() -> AppId {
    AppId::new(Sandbox::APPID).unwrap()
}

fn message(id: usize) -> Message {
    let document = format!(
        "<xml><FromUserName>{HUI}</FromUserName><MsgType>text</MsgType>\
         <Content>next</Content><MsgId>{id}</MsgId></xml>"
    );
    Message::parse(appid(), document).unwrap()
}

fn key(id: usize) -> DedupKey {
    DedupKey::new(&message(id))
}

fn texts(texts: &[&str]) -> Vec<Reply> {
    texts.iter().copied().map(Reply::text).collect()
}

async fn put(store: &RedisStore, parts: &[&str]) -> usize {
    let (appid, parts) = (appid(), texts(parts));
    store.put(&appid, HUI, parts, 32, HOUR).await.unwrap()
}

async fn take(store: &RedisStore, id: usize) -> Option<(String, usize)> {
    let taken = store.take(&appid(), HUI, &key(id)).await.unwrap();
    taken.map(|Taken { reply, left, .. }| (reply.as_text().unwrap().to_owned(), left))
}

fn part(text: &str, left: usize) -> Option<(String, usize)> {
    Some((text.to_owned(), left))
}

async fn give_back(store: &RedisStore, id: usize) {
    store.give_back(&appid(), HUI, &key(id)).await.unwrap();
}

/// Takes seven seconds for a question, and answers anything else at once.
async fn on_message(message: Message) -> String {
    let content = message.field("Content").unwrap_or_default().to_owned();
    if content.ends_with('?') {
        sleep(Duration::from_secs(1)).await;
        return format!("{content} 茶\n").repeat(300);
    }
    format!("echo {content}")
}

/// An instance whose late replies wait in the shared state: no store is set.
async fn push(wechat: &Wechat, sandbox: &Sandbox, pick_up: &PickUp, push: Push) -> Delivery {
    // The clone in the hook is made before the routes, which know the shared state.
    let late = CustomerService::new(wechat.clone()).or(pick_up.clone());
    let deadline = DeadlineLayer::ack_after(Duration::from_millis(500))
        .placeholder(|_| "wait")
        .late(late)
        .pick_up(pick_up.clone());
    let routes = wechat.routes();
    let routes = routes.on_message_within(deadline, handler_fn(on_message));
    sandbox.push(push, routes.prefix("/v1/service/wx")).await
}

fn seen(delivery: &Delivery) -> &str {
    delivery.reply().and_then(|reply| reply.text()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_reply_is_picked_up_on_other_instances() {
    let Some(server) = Server::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.set_account_type(&sandbox.appid(), AccountType::UnverifiedSubscriptionAccount);
    let user: User = sandbox.user("Lin");
    let [a, b, c] = [(); 3].map(|()| {
        let app = sandbox.app_configs().remove(0);
        let builder = Wechat::builder().transport(sandbox.clone());
        let wechat = builder.app(app).shared(server.store()).build().unwrap();
        (wechat, PickUp::new())
    });
    let send = async |(wechat, pick_up): &(Wechat, PickUp), text: &str| {
        push(wechat, &sandbox, pick_up, Push::text(&user, text)).await
    };
    assert_eq!(seen(&send(&a, "why?").await), "wait");
    sleep(Duration::from_secs(2)).await;
    let first = send(&b, "1").await;
    assert!(seen(&first).starts_with("why? 茶\n"));
    assert!(seen(&first).ends_with("（还有 1 条，回复任意内容继续）"));
    let last = send(&c, "2").await;
    assert!(seen(&last).starts_with("why? 茶\n") && !seen(&last).contains("还有"));
    assert_eq!(seen(&send(&a, "3").await), "echo 3");

    // A store that is set alone takes precedence.
    let own = (a.0.clone(), PickUp::new().store(MemoryPickUpStore::new()));
    assert_eq!(seen(&send(&own, "again?").await), "wait");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(seen(&send(&b, "4").await), "echo 4");
    assert!(seen(&send(&own, "5").await).starts_with("again? 茶\n"));
}

#[tokio::test]
async fn a_repeated_message_gets_the_same_part_on_any_instance() {
    let Some(server) = Server::start() else {
        return;
    };
    let [a, b, c] = [(); 3].map(|()| server.store());
    assert_eq!(take(&b, 1).await, None);
    assert_eq!(put(&a, &["one", "two"]).await, 2);
    assert_eq!(put(&c, &["three"]).await, 1);
    assert_eq!(take(&b, 1).await, part("one", 2));
    assert_eq!(take(&c, 1).await, part("one", 2));
    assert_eq!(take(&a, 2).await, part("two", 1));
    assert_eq!(take(&b, 1).await, part("one", 1));
    // It returns to its place, for any message.
    give_back(&c, 1).await;
    give_back(&c, 9).await;
    assert_eq!(take(&a, 3).await, part("one", 1));
    assert_eq!(take(&a, 4).await, part("three", 0));
    assert_eq!(take(&a, 5).await, None);
    // Users and apps have their own.
    let other = AppId::new("wx0000000000000002").unwrap();
    put(&a, &["four"]).await;
    for (appid, openid) in [(&other, HUI), (&appid(), "o2")] {
        assert_eq!(b.take(appid, openid, &key(6)).await.unwrap(), None);
    }
}

/// Does the same as the memory store, whatever is called in whatever order.
#[tokio::test]
async fn the_order_is_that_of_the_memory_store() {
    let Some(server) = Server::start() else {
        return;
    };
    let (memory, redis) = (MemoryPickUpStore::new(), server.store());
    let mut number = 1_u32;
    let mut random = |below: u32| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (number >> 16) % below
    };
    for step in 0..2000 {
        let openid = ["o1", "o2"][random(2) as usize];
        let message = key(random(8) as usize);
        match random(8) {
            0 | 1 => {
                let parts: Vec<_> = (0..random(4))
                    .map(|part| Reply::text(format!("{step}.{part}")))
                    .collect();
                let max = [3, 32][random(2) as usize];
                let appid = appid();
                let expected = memory.put(&appid, openid, parts.clone(), max, HOUR).await;
                let put = redis.put(&appid, openid, parts, max, HOUR).await;
                assert_eq!(put.unwrap(), expected.unwrap(), "step {step}");
            }
            2..6 => {
                let expected = memory.take(&appid(), openid, &message).await;
                let taken = redis.take(&appid(), openid, &message).await;
                assert_eq!(taken.unwrap(), expected.unwrap(), "step {step}");
            }
            _ => {
                memory.give_back(&appid(), openid, &message).await.unwrap();
                redis.give_back(&appid(), openid, &message).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn each_part_expires_by_its_own_age() {
    let Some(server) = Server::start() else {
        return;
    };
    let (a, b) = (server.store(), server.store());
    let name = format!("wechat:{{{}}}:late:{HUI}", Sandbox::APPID);
    let left = || server.cli(&["PTTL", &name]).parse::<i64>().unwrap();
    let put = async |text: &str, age: Duration| {
        let (appid, parts) = (appid(), texts(&[text]));
        a.put(&appid, HUI, parts, 3, age).await.unwrap()
    };
    let second = Duration::from_secs(1);
    assert_eq!(put("old", second).await, 1);
    assert!((1..=1000).contains(&left()), "{}", left());
    assert_eq!(put("new", HOUR).await, 1);
    assert_eq!(put("short", second).await, 1);
    assert_eq!(put("one too many", HOUR).await, 0);
    // The longest of them, also after a shorter one was added.
    assert!(left() > 3_500_000, "{}", left());
    // A part that was taken stays for its message, even past its age.
    assert_eq!(take(&b, 1).await, part("old", 2));
    sleep(Duration::from_millis(1200)).await;
    assert_eq!(take(&b, 1).await, part("old", 1));
    assert_eq!(take(&a, 2).await, part("new", 0));
    assert_eq!(take(&a, 3).await, None);
    // Given back, it is too old.
    give_back(&a, 1).await;
    assert_eq!(take(&a, 3).await, None);
    assert_eq!(put("longest", Duration::MAX).await, 1);
    assert_eq!(take(&a, 3).await, part("longest", 0));
    give_back(&a, 3).await;
    assert_eq!(take(&a, 4).await, part("longest", 0));

    // A list of one short part is gone with it, without a call.
    assert_eq!(
        b.put(&appid(), "o2", texts(&["x"]), 3, second)
            .await
            .unwrap(),
        1
    );
    sleep(Duration::from_millis(1200)).await;
    assert_eq!(server.cli(&["EXISTS", &name.replace(HUI, "o2")]), "0");
}

#[tokio::test]
async fn a_cluster_carries_late_replies() {
    let Some(server) = Server::start_cluster() else {
        return;
    };
    let store = || RedisStore::cluster([server.url()]).unwrap();
    let (a, b) = (store(), store());
    assert_eq!(put(&a, &["one", "two"]).await, 2);
    assert_eq!(take(&b, 1).await, part("one", 1));
    give_back(&a, 1).await;
    assert_eq!(take(&b, 2).await, part("one", 1));
}

#[tokio::test]
async fn sealed_parts_reveal_nothing_and_cannot_be_moved_to_another_user() {
    let Some(server) = Server::start() else {
        return;
    };
    let seal = |byte| SealKey::new([byte; 32]);
    let store = server.store().seal(seal(1));
    put(&store, &["a secret answer", "another"]).await;
    assert_eq!(take(&store, 1).await, part("a secret answer", 1));
    let names = server.cli(&["--scan", "--pattern", "*:late:*"]);
    let [name] = names.lines().collect::<Vec<_>>()[..] else {
        panic!("{names}");
    };
    let values = server.cli(&["LRANGE", name, "0", "-1"]);
    let key = key(1).to_string();
    for secret in [HUI, "o6_", "secret", "answer", "another", &key, &key[..32]] {
        assert!(!name.contains(secret), "{secret}: {name}");
        assert!(!values.contains(secret), "{secret}: {values}");
    }

    // Without the key there is no list, and without the current one of two no part is lost.
    assert_eq!(take(&server.store(), 2).await, None);
    let rotated = server.store().seal(seal(2)).previous_seal(seal(1));
    put(&rotated, &["new"]).await;
    assert_eq!(take(&rotated, 2).await, part("another", 1));
    assert_eq!(take(&store, 3).await, None);
    assert_eq!(take(&rotated, 3).await, part("new", 0));

    // Moved within the list a part can be read, and in another one it cannot.
    give_back(&rotated, 2).await;
    give_back(&rotated, 3).await;
    server.cli(&["LMOVE", name, name, "LEFT", "RIGHT"]);
    assert_eq!(take(&rotated, 4).await, part("another", 1));
    give_back(&rotated, 4).await;
    let (appid, parts) = (appid(), texts(&["of another user"]));
    rotated.put(&appid, "o2", parts, 9, HOUR).await.unwrap();
    let names = server.cli(&["--scan", "--pattern", "*:late:*"]);
    let other = names.lines().find(|other| *other != name).unwrap();
    server.cli(&["COPY", name, other, "REPLACE"]);
    let taken = rotated.take(&appid, "o2", &self::key(5)).await;
    assert_eq!(taken.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_part_is_lost_to_a_slow_server() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    // Loads the script, so that the server needs no second request to run it.
    assert_eq!(take(&store, 0).await, None);
    put(&store, &["one"]).await;
    let handler = handler_fn(|_: Message| async { "handled" });
    let deadline = DeadlineLayer::ack().pick_up(PickUp::new().store(store.clone()));
    let service = deadline.layer(handler);
    // Runs the script after it was given up, so that the part is taken and not seen.
    let sleeping = std::thread::spawn(move || {
        server.cli(&["DEBUG", "SLEEP", "1.5"]);
        server
    });
    sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    let reply = service.clone().oneshot(message(1)).await.unwrap();
    assert_eq!(reply, Reply::text("handled"));
    assert!(
        began.elapsed() < Duration::from_millis(900),
        "{:?}",
        began.elapsed()
    );
    let _server = tokio::task::spawn_blocking(|| sleeping.join().unwrap());
    let _server = _server.await.unwrap();
    let picked = async {
        for id in 2.. {
            let reply = service.clone().oneshot(message(id)).await.unwrap();
            if reply == Reply::text("one") {
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, picked).await.unwrap();
    println!("picked up after {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_messages_are_handled_and_kept_parts_come_later() {
    let path = directory("late");
    let kept = ["--appendonly", "yes", "--appendfsync", "always", "--dir"];
    let kept = [&kept[..], &[path.to_str().unwrap()]].concat();
    let Some(mut server) = Server::with(&kept) else {
        return;
    };
    let store = server.store();
    put(&store, &["one"]).await;
    server.kill();
    let pick_up = PickUp::new().store(store.clone());
    let handler = handler_fn(|_: Message| async { "handled" });
    let service = DeadlineLayer::ack().pick_up(pick_up.clone()).layer(handler);
    for id in 1..9 {
        let began = Instant::now();
        let reply = service.clone().oneshot(message(id)).await.unwrap();
        assert_eq!(reply, Reply::text("handled"));
        assert!(
            began.elapsed() < Duration::from_millis(900),
            "{:?}",
            began.elapsed()
        );
    }
    let late = LateReply::new(message(9), Reply::text("lost"));
    let error = pick_up.oneshot(late).await.unwrap_err();
    assert!(error.is::<StoreError>(), "{error}");
    server.restart();
    let picked = async {
        while take(&server.store(), 10).await.is_none() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, picked).await.unwrap();
    let _ = std::fs::remove_dir_all(path);
}
