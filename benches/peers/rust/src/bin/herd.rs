//! Measures concurrent callers of clients with no token, or with a rejected one: how often each
//! client fetches a token, and how long its callers wait.
//!
//! Serves the platform on loopback: it answers `/cgi-bin/token` after 200 ms and counts the
//! requests. Each client is a command that prints one line per caller: its time in milliseconds, or
//! `error` with a reason.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio::process::Command;

/// How long the platform takes to issue a token.
const LATENCY: Duration = Duration::from_millis(200);
/// The time limit of one herd.
const DEADLINE: Duration = Duration::from_secs(120);

#[derive(Parser)]
struct Options {
    /// A client and the command that starts its herd.
    #[arg(long = "client", value_name = "NAME=COMMAND", value_parser = client)]
    clients: Vec<(String, String)>,
    /// The number of concurrent callers.
    #[arg(long, default_value_t = 1000)]
    callers: usize,
    /// The number of rounds. The table shows the medians.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

fn client(argument: &str) -> Result<(String, String), String> {
    let (name, command) = argument.split_once('=').ok_or("expected NAME=COMMAND")?;
    Ok((name.to_owned(), command.to_owned()))
}

/// The platform. A token is `GENERATION-NUMBER`; tokens of past generations are rejected.
#[derive(Default)]
struct Platform {
    generation: AtomicU64,
    fetches: AtomicU64,
}

async fn token(State(platform): State<Arc<Platform>>) -> Json<Value> {
    let number = platform.fetches.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(LATENCY).await;
    let generation = platform.generation.load(Ordering::Relaxed);
    Json(json!({ "access_token": format!("{generation}-{number}"), "expires_in": 7200 }))
}

#[derive(Deserialize)]
struct Credential {
    access_token: String,
}

async fn callback_ip(
    State(platform): State<Arc<Platform>>,
    Query(credential): Query<Credential>,
) -> Json<Value> {
    let generation = platform.generation.load(Ordering::Relaxed);
    let alive = format!("{generation}-");
    if credential.access_token.starts_with(&alive) {
        Json(json!({ "ip_list": ["127.0.0.1"] }))
    } else {
        Json(json!({ "errcode": 40001, "errmsg": "invalid credential, access_token is invalid" }))
    }
}

/// Invalidates all tokens and resets the count.
async fn kill(State(platform): State<Arc<Platform>>) {
    platform.generation.fetch_add(1, Ordering::Relaxed);
    platform.fetches.store(0, Ordering::Relaxed);
}

/// The outcome of one herd.
struct Outcome {
    fetches: u64,
    /// The times of the successful callers, in milliseconds, sorted.
    waits: Vec<f64>,
    /// The number of failed callers by their output.
    failures: BTreeMap<String, usize>,
}

async fn loose(
    platform: &Platform,
    upstream: &str,
    command: &str,
    case: &str,
    callers: usize,
) -> Result<Outcome, String> {
    platform.fetches.store(0, Ordering::Relaxed);
    let child = Command::new("sh")
        .args(["-c", command])
        .env("UPSTREAM", upstream)
        .env("CALLERS", callers.to_string())
        .env("CASE", case)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .stderr(Stdio::inherit())
        .output();
    let output = tokio::time::timeout(DEADLINE, child).await;
    let output = output.map_err(|_| format!("`{command}` took longer than {DEADLINE:?}"))?;
    let output = output.map_err(|error| format!("`{command}`: {error}"))?;
    let lines = String::from_utf8_lossy(&output.stdout);
    let (mut waits, mut failures) = (Vec::new(), BTreeMap::new());
    for line in lines.lines() {
        match line.parse::<f64>() {
            Ok(wait) => waits.push(wait),
            Err(_) => *failures.entry(line.to_owned()).or_default() += 1,
        }
    }
    let answered = waits.len() + failures.values().sum::<usize>();
    if !output.status.success() || answered != callers {
        return Err(format!(
            "`{command}` ended with {}, after {answered} lines",
            output.status
        ));
    }
    waits.sort_by(f64::total_cmp);
    let fetches = platform.fetches.load(Ordering::Relaxed);
    Ok(Outcome {
        fetches,
        waits,
        failures,
    })
}

fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    percentile(&values, 50)
}

/// Formats the row of one client in one case.
fn row(name: &str, case: &str, outcomes: &[Outcome]) -> String {
    let fetches = outcomes.iter().map(|outcome| outcome.fetches);
    let (least, most) = (fetches.clone().min(), fetches.max());
    let fetches = match (least.unwrap_or_default(), most.unwrap_or_default()) {
        (least, most) if least == most => most.to_string(),
        (least, most) => format!("{least}–{most}"),
    };
    let wait = |percent| {
        let waits = outcomes
            .iter()
            .filter_map(|outcome| percentile(&outcome.waits, percent));
        median(waits.collect()).map_or("–".to_owned(), |wait| format!("{wait:.0}"))
    };
    let mut failures = BTreeMap::<&str, usize>::new();
    for (why, count) in outcomes.iter().flat_map(|outcome| &outcome.failures) {
        *failures.entry(why).or_default() += count;
    }
    let failed = failures.iter().map(|(why, count)| {
        let each = *count as f64 / outcomes.len() as f64;
        format!("{each:.0} ({why})")
    });
    let failed = match failed.collect::<Vec<_>>() {
        none if none.is_empty() => "0".to_owned(),
        some => some.join(", "),
    };
    let (p50, p99, last) = (wait(50), wait(99), wait(100));
    format!("| {name} | {case} | {fetches} | {p50} | {p99} | {last} | {failed} |")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let platform = Arc::new(Platform::default());
    let routes = Router::new()
        .route("/cgi-bin/token", get(token))
        .route("/cgi-bin/getcallbackip", get(callback_ip))
        .route("/kill", get(kill))
        .with_state(platform.clone());
    // The backlog has room for the connections of all callers at once.
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(4096)?;
    let upstream = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, routes).await });

    let cases = ["none", "dead"];
    let mut outcomes = BTreeMap::<_, Vec<Outcome>>::new();
    for _ in 0..options.rounds {
        for case in cases {
            for (name, command) in &options.clients {
                let outcome = loose(&platform, &upstream, command, case, options.callers).await?;
                outcomes.entry((case, name)).or_default().push(outcome);
            }
        }
    }

    let (callers, rounds) = (options.callers, options.rounds);
    println!(
        "{callers} callers at once, the token takes {LATENCY:?}, medians of {rounds} rounds\n"
    );
    println!("| client | token | fetches | p50 ms | p99 ms | last ms | failed callers |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
    for case in cases {
        for (name, _) in &options.clients {
            let outcomes = outcomes.get(&(case, name)).map_or(&[][..], Vec::as_slice);
            println!("{}", row(name, case, outcomes));
        }
    }
    Ok(())
}
