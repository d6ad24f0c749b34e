//! Processes that start cold at once and get ten thousand tokens each.

use std::io::{BufRead, BufReader, Write, stdin};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tower_wechat::client::Hosts;
use tower_wechat::shared::redis::RedisStore;
use tower_wechat::{AppConfig, Wechat};

use super::row;
use super::server::Server;
use crate::fixture::APPID;
use crate::fixture::tasks::two_threads;
use crate::interleave::{Spread, is_smoke};

/// The address of the platform, set for the processes.
const PLATFORM: &str = "BENCH_PLATFORM";
/// The address of Redis, if they use one.
const REDIS: &str = "BENCH_REDIS";
/// How many tokens each gets.
const CALLERS: &str = "BENCH_CALLERS";

const FETCH: Duration = Duration::from_millis(200);
const PROCESSES: usize = 8;

pub(crate) fn is_process() -> bool {
    std::env::var_os(PLATFORM).is_some()
}

/// Gets the tokens once a line arrives, and prints how long the slowest caller took.
pub(crate) fn process() {
    let platform = std::env::var(PLATFORM).unwrap();
    let callers: usize = std::env::var(CALLERS).unwrap().parse().unwrap();
    let builder = Wechat::builder()
        .hosts(Hosts::default().api(&platform).unwrap())
        .app(AppConfig::new(APPID, "0123456789abcdef0123456789abcdef"));
    let builder = match std::env::var(REDIS) {
        Ok(url) => builder.shared(RedisStore::new(&url).unwrap()),
        Err(_) => builder,
    };
    let tokens = builder.build().unwrap().tokens();
    println!("ready");
    stdin().lock().read_line(&mut String::new()).unwrap();
    let slowest = two_threads().block_on(async {
        let start = Instant::now();
        let callers: Vec<_> = (0..callers)
            .map(|_| {
                let tokens = tokens.clone();
                tokio::spawn(async move {
                    tokens.get(APPID).await.unwrap();
                    start.elapsed()
                })
            })
            .collect();
        let mut slowest = Duration::ZERO;
        for caller in callers {
            slowest = slowest.max(caller.await.unwrap());
        }
        slowest
    });
    println!("{}", slowest.as_micros());
}

pub(crate) fn run(server: &Server) {
    let (rounds, callers) = if is_smoke() { (1, 10) } else { (9, 10_000) };
    let runtime = two_threads();
    let fetches = Arc::new(AtomicUsize::new(0));
    let platform = runtime.block_on(platform(Arc::clone(&fetches)));
    let (mut shared, mut alone, mut most) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        server.cli(&["FLUSHALL"]);
        let before = fetches.load(Ordering::Relaxed);
        shared.push(slowest(&platform, Some(&server.url()), callers));
        most = most.max(fetches.load(Ordering::Relaxed) - before);
        alone.push(slowest(&platform, None, callers));
    }
    let ratios = shared
        .iter()
        .zip(&alone)
        .map(|(shared, alone)| shared / alone);
    let ratio = Spread::of(ratios.collect());
    let ms = |values: Vec<f64>| format!("{:.0} ms", Spread::of(values).median);
    row(
        (
            &format!(
                "slowest of {PROCESSES} cold processes with {callers} callers each, fetches: {most}"
            ),
            &ms(shared),
        ),
        ("the same without a store, each fetching", &ms(alone)),
        ratio,
    );
}

/// Serves tokens, each after the time of a fetch.
async fn platform(fetches: Arc<AtomicUsize>) -> String {
    let answer = move || {
        let number = fetches.fetch_add(1, Ordering::Relaxed);
        async move {
            sleep(FETCH).await;
            format!(r#"{{"access_token":"token-{number}","expires_in":7200}}"#)
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Starts the processes, and returns the milliseconds of the slowest caller of all.
fn slowest(platform: &str, redis: Option<&str>, callers: usize) -> f64 {
    let processes: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command
                .env(PLATFORM, platform)
                .env(CALLERS, callers.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped());
            if let Some(redis) = redis {
                command.env(REDIS, redis);
            }
            Process::start(command)
        })
        .collect();
    let started = processes.into_iter().map(Process::go);
    let started: Vec<_> = started.collect();
    let taken = started.into_iter().map(Process::end);
    taken.fold(0.0, f64::max)
}

struct Process {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self { child, output };
        assert_eq!(process.line(), "ready");
        process
    }

    fn go(mut self) -> Self {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
        self
    }

    fn end(mut self) -> f64 {
        let micros: f64 = self.line().parse().unwrap();
        self.child.wait().unwrap();
        micros / 1e3
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
