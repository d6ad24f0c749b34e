//! Sign-ins by scan: the page, the push and the answer each reach another instance.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tower::Layer;
use tower_wechat::sandbox::{Push, Sandbox, User};
use tower_wechat::scan_login::{
    MemoryScanStore, PendingLogin, ScanError, ScanLogin, ScanStatus, ScanStore, ScannedUser,
};
use tower_wechat::shared::redis::{RedisStore, SealKey};
use tower_wechat::{AppId, Message, Reply, SystemClock, Wechat, handler_fn};

use crate::server::{Server, directory};

const PATIENCE: Duration = Duration::from_secs(20);

/// One instance of an application.
#[derive(Clone)]
struct Instance {
    sandbox: Sandbox,
    wechat: Wechat,
    scans: ScanLogin,
}

impl Instance {
    fn new(sandbox: &Sandbox, store: RedisStore) -> Self {
        let app = sandbox.app_configs().remove(0);
        let builder = Wechat::builder().transport(sandbox.clone());
        let wechat = builder.app(app).shared(store).build().unwrap();
        let scans = ScanLogin::new(&wechat).answers("signed in".into(), "too late".into());
        Self {
            sandbox: sandbox.clone(),
            wechat,
            scans,
        }
    }

    /// Delivers the push of a scan to this instance, and returns what the user reads.
    async fn scan(&self, user: &User, scene: &str) -> Option<String> {
        let handler = handler_fn(|_: Message| async { Reply::text("not a sign-in") });
        let routes = self.wechat.routes();
        let routes = routes.on_message(self.scans.layer().layer(handler));
        let routes = routes.prefix("/v1/service/wx");
        let delivery = self.sandbox.push(Push::scan(user, scene), routes).await;
        Some(delivery.reply()?.text()?.to_owned())
    }

    async fn status(&self, pending: &PendingLogin) -> ScanStatus {
        self.scans.wait(pending.id()).await.unwrap()
    }

    /// Begins to wait, as the page of a browser does, and lets the wait reach the server.
    async fn waits(&self, pending: &PendingLogin) -> Wait {
        let (scans, id) = (self.scans.clone(), pending.id().clone());
        let wait = tokio::spawn(async move {
            let status = scans.wait(&id).await;
            (status, Instant::now())
        });
        sleep(Duration::from_millis(200)).await;
        wait
    }
}

type Wait = tokio::task::JoinHandle<(Result<ScanStatus, ScanError>, Instant)>;

async fn end(wait: Wait) -> ScanStatus {
    timeout(PATIENCE, wait).await.unwrap().unwrap().0.unwrap()
}

fn instances(server: &Server) -> [Instance; 3] {
    let sandbox = Sandbox::new();
    std::array::from_fn(|_| Instance::new(&sandbox, server.store()))
}

fn scanned(user: &User, new_follower: bool) -> ScanStatus {
    let appid = user.appid().clone();
    ScanStatus::Scanned(ScannedUser::new(appid, user.openid(), new_follower))
}

fn hui() -> ScannedUser {
    ScannedUser::new(AppId::new(Sandbox::APPID).unwrap(), "o1", false)
}

/// Returns how many connections the server has, of a type such as `pubsub`.
fn connections(server: &Server, kind: &str) -> usize {
    let list = server.cli(&["CLIENT", "LIST", "TYPE", kind]);
    // One more is the client that asks.
    let own = usize::from(kind == "normal");
    list.lines().filter(|line| !line.is_empty()).count() - own
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_on_one_instance_wakes_the_page_on_another() {
    let Some(server) = Server::start() else {
        return;
    };
    let instances = Arc::new(instances(&server));
    let lanes: Vec<_> = (0..10)
        .map(|_| tokio::spawn(wake_ten(Arc::clone(&instances))))
        .collect();
    let mut times = Vec::new();
    for lane in lanes {
        times.extend(lane.await.unwrap());
    }
    times.sort_unstable();
    println!(
        "push to page: median {:?}, worst {:?}",
        times[50], times[99]
    );
    assert!(times[99] < Duration::from_secs(2), "{:?}", times[99]);
}

/// Scans ten codes, and returns how long each took from the push to the page.
async fn wake_ten(instances: Arc<[Instance; 3]>) -> Vec<Duration> {
    let [a, b, c] = &*instances;
    let user = a.sandbox.user("Hui");
    let mut times = Vec::new();
    for _ in 0..10 {
        let pending = a.scans.start().await.unwrap();
        let wait = b.waits(&pending).await;
        let pushed = Instant::now();
        let text = c.scan(&user, pending.scene()).await;
        assert_eq!(text.as_deref(), Some("signed in"));
        let (status, woken) = timeout(PATIENCE, wait).await.unwrap().unwrap();
        assert!(matches!(status, Ok(ScanStatus::Scanned(_))), "{status:?}");
        times.push(woken.duration_since(pushed));
        // The result stays, and a page that asks later gets it at once.
        assert!(matches!(a.status(&pending).await, ScanStatus::Scanned(_)));
    }
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_scan_counts_on_all_instances() {
    let Some(server) = Server::start() else {
        return;
    };
    let [a, b, c] = instances(&server);
    let (first, second) = (a.sandbox.user("Hui"), a.sandbox.user("Lin"));
    let pending = a.scans.start().await.unwrap();
    let both = tokio::join!(
        b.scan(&first, pending.scene()),
        c.scan(&first, pending.scene())
    );
    let signed_in = || Some("signed in".to_owned());
    assert_eq!(both, (signed_in(), signed_in()));
    let text = c.scan(&second, pending.scene()).await;
    assert_eq!(text.as_deref(), Some("too late"));
    for instance in [&a, &b, &c] {
        let ScanStatus::Scanned(user) = instance.status(&pending).await else {
            panic!("not scanned");
        };
        assert_eq!(user.openid, first.openid());
    }
    // An unknown scene is not added by a scan.
    assert_eq!(b.scan(&first, "login-0").await.as_deref(), Some("too late"));
    let appid = AppId::new("wx0000000000000002").unwrap();
    let elsewhere = ScannedUser::new(appid, first.openid(), false);
    let store = server.store();
    assert!(!store.complete(pending.scene(), elsewhere).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_closed_or_expires_ends_the_wait_elsewhere() {
    let Some(server) = Server::start() else {
        return;
    };
    let [a, b, c] = instances(&server);
    let user = a.sandbox.user("Hui");
    let pending = a.scans.start().await.unwrap();
    let wait = b.waits(&pending).await;
    let store = server.store();
    for _ in 0..2 {
        assert!(store.close(pending.scene()).await.unwrap());
    }
    assert_eq!(end(wait).await, ScanStatus::Gone);
    assert_eq!(c.status(&pending).await, ScanStatus::Gone);

    let scans = a.scans.clone().expires_in(Duration::from_secs(1));
    let pending = scans.start().await.unwrap();
    let began = Instant::now();
    let wait = b.waits(&pending).await;
    assert_eq!(end(wait).await, ScanStatus::Gone);
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    let text = c.scan(&user, pending.scene()).await;
    assert_eq!(text.as_deref(), Some("too late"));
    // A result expires, too: the scan does not extend the life.
    let pending = scans.start().await.unwrap();
    c.scan(&user, pending.scene()).await;
    assert!(matches!(b.status(&pending).await, ScanStatus::Scanned(_)));
    sleep(Duration::from_millis(1100)).await;
    assert_eq!(b.status(&pending).await, ScanStatus::Gone);
    // Only the pushes are remembered for longer.
    let left = server.cli(&["KEYS", "*"]);
    let others = left
        .lines()
        .filter(|key| !key.contains(":push:") && !key.ends_with(":probe"));
    assert_eq!(others.count(), 0, "{left}");
}

#[tokio::test]
async fn a_scene_is_opened_once_for_any_life() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    for life in [Duration::MAX, Duration::ZERO] {
        let scene = format!("login-{life:?}");
        assert!(store.open(&scene, life).await.unwrap());
    }
    let scene = format!("login-{:?}", Duration::MAX);
    assert!(!store.open(&scene, Duration::MAX).await.unwrap());
    let left = server.cli(&["PTTL", &format!("wechat:{{{scene}}}:scan")]);
    assert!(left.parse::<u64>().unwrap() > 0, "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_waits_survives_a_restart_of_the_server() {
    let path = directory("restart");
    let kept = ["--appendonly", "yes", "--appendfsync", "always", "--dir"];
    let kept = [&kept[..], &[path.to_str().unwrap()]].concat();
    for (options, is_kept) in [(&[][..], false), (&kept[..], true)] {
        let Some(mut server) = Server::with(options) else {
            return;
        };
        let [a, b, _] = instances(&server);
        let user = a.sandbox.user("Hui");
        let pending = a.scans.start().await.unwrap();
        let wait = b.waits(&pending).await;
        server.kill();
        sleep(Duration::from_millis(700)).await;
        assert!(!wait.is_finished());
        server.restart();
        let restarted = Instant::now();
        if is_kept {
            // The push fails until this instance has its connection back.
            while a.scan(&user, pending.scene()).await.as_deref() != Some("signed in") {
                sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(end(wait).await, scanned(&user, true));
        } else {
            assert_eq!(end(wait).await, ScanStatus::Gone);
        }
        let elapsed = restarted.elapsed();
        println!("data kept: {is_kept}, answered {elapsed:?} after the restart");
        assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
    }
    let _ = std::fs::remove_dir_all(path);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_subscription_loses_no_scan() {
    let Some(server) = Server::start() else {
        return;
    };
    let [a, b, _] = instances(&server);
    let user = a.sandbox.user("Hui");
    let pending = a.scans.start().await.unwrap();
    let wait = b.waits(&pending).await;
    assert_eq!(connections(&server, "pubsub"), 1);
    server.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    a.scan(&user, pending.scene()).await;
    assert_eq!(end(wait).await, scanned(&user, true));

    // A user without the right to any channel.
    server.cli(&["ACL", "SETUSER", "default", "resetchannels"]);
    let pending = a.scans.start().await.unwrap();
    let wait = b.waits(&pending).await;
    let pushed = Instant::now();
    let text = a.scan(&user, pending.scene()).await;
    assert_eq!(text.as_deref(), Some("signed in"));
    assert_eq!(end(wait).await, scanned(&user, false));
    println!("without the right to subscribe: {:?}", pushed.elapsed());
    assert!(
        pushed.elapsed() < Duration::from_secs(6),
        "{:?}",
        pushed.elapsed()
    );
}

/// Passes connections on, until it swallows what they carry. Later ones are passed on again.
async fn swallowing_proxy(port: u16) -> (u16, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap().port();
    let swallows = Arc::new(Notify::new());
    let swallow = swallows.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let swallow = swallow.clone();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    // The connections stay open.
                    () = swallow.notified() => std::future::pending().await,
                }
            });
        }
    });
    (proxy, swallows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_survives_connections_that_die_silently() {
    let Some(server) = Server::start() else {
        return;
    };
    let (port, swallows) = swallowing_proxy(server.port).await;
    let sandbox = Sandbox::new();
    let behind = RedisStore::new(&format!("redis://127.0.0.1:{port}")).unwrap();
    let a = Instance::new(&sandbox, server.store());
    let b = Instance::new(&sandbox, behind);
    let user = sandbox.user("Hui");
    let pending = a.scans.start().await.unwrap();
    let wait = b.waits(&pending).await;
    swallows.notify_waiters();
    let pushed = Instant::now();
    a.scan(&user, pending.scene()).await;
    assert_eq!(end(wait).await, scanned(&user, true));
    println!(
        "heard {:?} after a scan over dead connections",
        pushed.elapsed()
    );
    assert!(
        pushed.elapsed() < Duration::from_secs(8),
        "{:?}",
        pushed.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_set_alone_takes_precedence() {
    let Some(server) = Server::start() else {
        return;
    };
    let [a, b, _] = instances(&server);
    let memory = MemoryScanStore::new(SystemClock::default(), 10);
    let scans = [&a, &b].map(|instance| ScanLogin::new(&instance.wechat).store(memory.clone()));
    let pending = scans[0].start().await.unwrap();
    assert!(memory.complete(pending.scene(), hui()).await.unwrap());
    let status = scans[1].wait(pending.id()).await.unwrap();
    assert_eq!(status, ScanStatus::Scanned(hui()));
    assert_eq!(server.cli(&["DBSIZE"]), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_a_wait_fails_soon_and_one_that_began_waits_on() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let [a, b, c] = instances(&server);
    let pending = a.scans.start().await.unwrap();
    let wait = b.waits(&pending).await;
    server.kill();
    for instance in [&b, &c] {
        let began = Instant::now();
        let error = instance.scans.wait(pending.id()).await.unwrap_err();
        assert!(matches!(error, ScanError::Store(_)), "{error:?}");
        println!("{error} after {:?}", began.elapsed());
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
    }
    assert!(matches!(a.scans.start().await, Err(ScanError::Store(_))));
    assert!(!wait.is_finished());
    wait.abort();

    // Until the sign-in ends, or the page asks again.
    server.restart();
    let store = server.store();
    assert!(store.open("login-1", Duration::from_secs(3)).await.unwrap());
    let waiting = store.clone();
    let wait = tokio::spawn(async move { waiting.wait("login-1").await });
    sleep(Duration::from_millis(300)).await;
    server.kill();
    let ended = timeout(PATIENCE, wait).await.unwrap().unwrap();
    assert_eq!(ended.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pages_share_one_connection() {
    let Some(server) = Server::start() else {
        return;
    };
    let [a, b, _] = instances(&server);
    let mut waits = Vec::new();
    let mut scenes = Vec::new();
    for _ in 0..1000 {
        let pending = a.scans.start().await.unwrap();
        let (scans, id) = (b.scans.clone(), pending.id().clone());
        waits.push(tokio::spawn(async move { scans.wait(&id).await.unwrap() }));
        scenes.push(pending.scene().to_owned());
    }
    sleep(Duration::from_millis(500)).await;
    assert_eq!(connections(&server, "pubsub"), 1);
    // One for the commands of each of the two instances.
    assert_eq!(connections(&server, "normal"), 2);
    let (store, began) = (server.store(), Instant::now());
    for scene in &scenes {
        assert!(store.complete(scene, hui()).await.unwrap());
    }
    for wait in waits {
        let status = timeout(PATIENCE, wait).await.unwrap().unwrap();
        assert!(matches!(status, ScanStatus::Scanned(_)));
    }
    println!(
        "1000 scans one after another, all heard after {:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_closes_with_the_store() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    assert!(store.open("login-1", PATIENCE).await.unwrap());
    let waiting = store.clone();
    let wait = tokio::spawn(async move { waiting.wait("login-1").await });
    sleep(Duration::from_millis(300)).await;
    assert_eq!(connections(&server, "pubsub"), 1);
    wait.abort();
    let _ = wait.await;
    drop(store);
    let dropped = Instant::now();
    while connections(&server, "pubsub") > 0 {
        assert!(dropped.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(50)).await;
    }
    println!("closed after {:?}", dropped.elapsed());
}

#[test]
fn a_page_on_another_runtime_outlives_the_one_that_listened() {
    let Some(server) = Server::start() else {
        return;
    };
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    };
    let (first, second) = (runtime(), runtime());
    let store = server.store();
    // The connection for commands stays on the second runtime.
    let opened = second.block_on(store.open("login-1", PATIENCE));
    assert!(opened.unwrap());
    let (one, two) = (store.clone(), store.clone());
    first.spawn(async move { one.wait("login-1").await });
    std::thread::sleep(Duration::from_millis(300));
    let wait = second.spawn(async move { two.wait("login-1").await });
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(connections(&server, "pubsub"), 1);
    first.shutdown_timeout(Duration::from_secs(5));
    second.block_on(async {
        sleep(Duration::from_millis(500)).await;
        assert_eq!(connections(&server, "pubsub"), 1);
        // From another store, so that nothing in this process wakes the page.
        let pushed = Instant::now();
        assert!(server.store().complete("login-1", hui()).await.unwrap());
        let user = timeout(PATIENCE, wait).await.unwrap().unwrap().unwrap();
        assert_eq!(user, Some(hui()));
        assert!(pushed.elapsed() < Duration::from_secs(2));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_carries_scans() {
    let Some(server) = Server::start_cluster() else {
        return;
    };
    let store = || RedisStore::cluster([server.url()]).unwrap();
    let (a, b) = (store(), store());
    for scene in ["login-1", "a}b{c", ""] {
        assert!(a.open(scene, PATIENCE).await.unwrap());
        let (waiting, waited) = (b.clone(), scene.to_owned());
        let wait = tokio::spawn(async move { waiting.wait(&waited).await });
        sleep(Duration::from_millis(300)).await;
        let pushed = Instant::now();
        assert!(a.complete(scene, hui()).await.unwrap());
        let user = timeout(PATIENCE, wait).await.unwrap().unwrap().unwrap();
        assert_eq!(user, Some(hui()));
        assert!(pushed.elapsed() < Duration::from_secs(2));
        assert!(a.close(scene).await.unwrap());
        assert_eq!(b.wait(scene).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_sign_ins_reveal_nothing_and_cannot_be_moved() {
    let Some(server) = Server::start() else {
        return;
    };
    let key = |byte| SealKey::new([byte; 32]);
    let (a, b) = (server.store().seal(key(1)), server.store().seal(key(1)));
    let user = ScannedUser::new(hui().appid, "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", true);
    for scene in ["login-one", "login-two"] {
        assert!(a.open(scene, PATIENCE).await.unwrap());
    }
    let client = redis::Client::open(server.url()).unwrap();
    let mut heard = client.get_async_pubsub().await.unwrap();
    heard.psubscribe("*").await.unwrap();
    assert!(b.complete("login-one", user.clone()).await.unwrap());
    assert_eq!(a.wait("login-one").await.unwrap(), Some(user.clone()));
    let mut messages = heard.on_message();
    let next = std::future::poll_fn(|cx| {
        futures_core::Stream::poll_next(std::pin::Pin::new(&mut messages), cx)
    });
    let message = timeout(PATIENCE, next).await.unwrap().unwrap();

    let mut seen = message.get_payload_bytes().to_vec();
    let names = server.cli(&["--scan"]);
    // Without the probe that the first command writes.
    let scans = |name: &&str| name.ends_with(":scan");
    let names: Vec<_> = names.lines().filter(scans).collect();
    assert_eq!(names.len(), 2);
    for name in &names {
        seen.extend(name.as_bytes());
        seen.extend(server.cli(&["GET", name]).as_bytes());
    }
    let seen = String::from_utf8_lossy(&seen);
    for secret in ["login", "one", &user.openid, "o6_", Sandbox::APPID] {
        assert!(!seen.contains(secret), "{secret}: {seen}");
    }

    // A result that is copied to another sign-in signs no one in there.
    let length = |name: &str| server.cli(&["STRLEN", name]).parse::<usize>().unwrap();
    let (from, to) = match length(names[0]) {
        0 => (names[1], names[0]),
        _ => (names[0], names[1]),
    };
    server.cli(&["COPY", from, to, "REPLACE"]);
    assert_eq!(a.wait("login-two").await.unwrap(), None);
    assert!(!a.complete("login-two", user.clone()).await.unwrap());
    // Without the key, with another or with the plain value there is no sign-in.
    for store in [server.store(), server.store().seal(key(2))] {
        assert_eq!(store.wait("login-one").await.unwrap(), None);
        assert!(!store.complete("login-one", user.clone()).await.unwrap());
    }
    let rotated = server.store().seal(key(2)).previous_seal(key(1));
    assert_eq!(rotated.wait("login-one").await.unwrap(), Some(user));
}
