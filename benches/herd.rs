//! Measures ten thousand concurrent callers with no token, or with a rejected one, while the
//! platform takes 200 ms to issue a new one: the number of fetches, and how long the callers wait.
//!
//! Run with `cargo bench --bench herd`.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod fixture;
mod interleave;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use moka::future::Cache;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::{App, AppConfig, BoxError, Wechat};

use fixture::APPID;
use fixture::remembered::quantile;
use fixture::tasks::two_threads;
use interleave::{Spread, is_smoke};

fn main() {
    let (callers, takes, rounds) = match is_smoke() {
        true => (10, Duration::from_millis(1), 1),
        false => (10_000, Duration::from_millis(200), 7),
    };
    let herd = Herd {
        runtime: two_threads(),
        takes,
        rounds,
    };
    println!(
        "| {callers} callers at once, a fetch takes {takes:?} | fetches | p50 | p99 | longest |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    herd.row("one caller of the platform", || {
        let platform = herd.platform();
        (1, platform.clone(), move || {
            let platform = platform.clone();
            async move { drop(platform.fetch().await) }
        })
    });
    herd.row("moka `try_get_with`, no token", || {
        let (platform, cache) = (herd.platform(), Cache::new(1));
        (callers, platform.clone(), move || {
            let (platform, cache): (_, Cache<&str, String>) = (platform.clone(), cache.clone());
            async move {
                let fetch = async { Ok::<_, ()>(platform.fetch().await) };
                cache.try_get_with(APPID, fetch).await.unwrap();
            }
        })
    });
    herd.row("`Tokens::get`, no token", || {
        let platform = herd.platform();
        let tokens = platform.wechat().tokens();
        (callers, platform, move || {
            let tokens = tokens.clone();
            async move { drop(tokens.get(APPID).await.unwrap()) }
        })
    });
    herd.row("`App::call`, a valid token", || {
        let platform = herd.platform();
        let app = platform.wechat().app(APPID).unwrap();
        herd.runtime.block_on(app.token()).unwrap();
        (callers, platform, move || call(app.clone()))
    });
    herd.row("`App::call`, a rejected token", || {
        let platform = herd.platform();
        let app = platform.wechat().app(APPID).unwrap();
        herd.runtime.block_on(app.token()).unwrap();
        platform.refuse_all();
        (callers, platform, move || call(app.clone()))
    });
}

async fn call(app: App) {
    app.call(GetCallbackIp::new()).await.unwrap();
}

struct Herd {
    runtime: Runtime,
    takes: Duration,
    rounds: usize,
}

impl Herd {
    fn platform(&self) -> Platform {
        Platform {
            takes: self.takes,
            fetched: Arc::default(),
            refused: Arc::default(),
        }
    }

    /// Prints one row: the highest number of fetches of all rounds and the median waits. Each round
    /// has a new platform.
    fn row<C, F>(&self, name: &str, mut start: impl FnMut() -> (usize, Platform, C))
    where
        C: Fn() -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let (mut fetches, mut waits) = (0, [vec![], vec![], vec![]]);
        for _ in 0..self.rounds {
            let (callers, platform, caller) = start();
            let before = platform.fetched.load(Ordering::Relaxed);
            let taken = self.runtime.block_on(all_at_once(callers, caller));
            fetches = fetches.max(platform.fetched.load(Ordering::Relaxed) - before);
            for (waits, share) in waits.iter_mut().zip([0.5, 0.99, 1.0]) {
                waits.push(quantile(&taken, share).as_secs_f64() * 1e3);
            }
        }
        let [p50, p99, longest] = waits.map(|waits| Spread::of(waits).median);
        println!("| {name} | {fetches} | {p50:.1} ms | {p99:.1} ms | {longest:.1} ms |");
    }
}

/// Starts all callers at once and returns how long each waited, sorted.
async fn all_at_once<F>(callers: usize, caller: impl Fn() -> F) -> Vec<Duration>
where
    F: Future<Output = ()> + Send + 'static,
{
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let caller = caller();
            tokio::spawn(async move {
                caller.await;
                started.elapsed()
            })
        })
        .collect();
    let mut taken = Vec::with_capacity(callers);
    for task in tasks {
        taken.push(task.await.unwrap());
    }
    taken.sort_unstable();
    taken
}

/// A platform with numbered tokens, which rejects all tokens up to `refused`.
#[derive(Clone)]
struct Platform {
    takes: Duration,
    fetched: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl Platform {
    fn refuse_all(&self) {
        let fetched = self.fetched.load(Ordering::Relaxed);
        self.refused.store(fetched, Ordering::Relaxed);
    }

    async fn fetch(&self) -> String {
        let number = self.fetched.fetch_add(1, Ordering::Relaxed) + 1;
        tokio::time::sleep(self.takes).await;
        format!("token-{number}")
    }

    async fn answer(self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        if request.uri().path() == "/cgi-bin/stable_token" {
            let token = self.fetch().await;
            let body = format!(r#"{{"access_token":"{token}","expires_in":7200}}"#);
            return Ok(Response::new(body.into()));
        }
        let (_, number) = request.uri().query().unwrap().rsplit_once('-').unwrap();
        let dead = number.parse::<u64>()? <= self.refused.load(Ordering::Relaxed);
        let body: &[u8] = match dead {
            true => br#"{"errcode":40001,"errmsg":"invalid credential"}"#,
            false => br#"{"ip_list":["127.0.0.1"]}"#,
        };
        Ok(Response::new(Bytes::from_static(body)))
    }

    fn wechat(&self) -> Wechat {
        let platform = self.clone();
        let transport =
            tower::service_fn(move |request: Request<Bytes>| platform.clone().answer(request));
        Wechat::builder()
            .transport(transport)
            .app(AppConfig::new(APPID, "0123456789abcdef0123456789abcdef"))
            .build()
            .unwrap()
    }
}
