//! The command line.

mod answer;
mod client;
mod idle;
mod machine;
mod process;
mod pushes;
mod rounds;
mod server;
mod spread;
mod table;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tower_wechat::BoxError;
use tower_wechat::callback::Mode;

use self::machine::Cpus;
use self::rounds::Target;
use self::server::Name;

#[derive(Parser)]
#[command(
    about = "Measures a push end to end",
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    load: Load,
}

#[derive(Subcommand)]
enum Command {
    /// Runs one of the servers under load, and prints its port.
    #[command(hide = true)]
    Serve {
        name: Name,
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// The Redis of `shared`.
        #[arg(long)]
        redis: Option<String>,
    },
}

#[derive(Args)]
struct Load {
    /// The number of measured rounds, after one warm-up round. Many short rounds tolerate a machine
    /// whose speed changes.
    #[arg(long, value_name = "N", default_value = "101")]
    rounds: NonZeroUsize,

    /// The number of pushes per server and round.
    #[arg(long, value_name = "N", default_value = "6000")]
    requests: NonZeroUsize,

    /// The time limit of a server's round, even if pushes are left.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    at_most: Duration,

    /// The number of keep-alive connections, each with one request at a time.
    #[arg(long, value_name = "N", default_value = "32")]
    connections: NonZeroUsize,

    /// The least number of messages that `plaintext`, `secure` and `routes` remember when their
    /// memory is read, up to 100000.
    #[arg(long, value_name = "N", default_value = "100000", value_parser = remembered())]
    remembered: usize,

    /// Also measures `shared` with this Redis, and `gone` with one that nobody serves.
    #[arg(long, value_name = "URL")]
    redis: Option<String>,

    /// Doesn't pin the servers and the load to processors.
    #[arg(long)]
    no_pin: bool,

    /// Another server, as a command for `sh -c` with PORT, MODE, WECHAT_TOKEN, WECHAT_AES_KEY and
    /// WECHAT_APPID in its environment. It must listen on 127.0.0.1:PORT and answer a valid push to
    /// POST /wxmsg with 200. Can be repeated.
    #[arg(long = "peer", value_name = "NAME=COMMAND", value_parser = peer)]
    peers: Vec<(String, String)>,

    /// The mode of the peers' pushes. Defaults to both, with one process each.
    #[arg(long, value_parser = PossibleValuesParser::new(["plaintext", "secure"]).map(mode))]
    mode: Option<Mode>,

    /// Also opens this many idle connections to `plaintext`, and prints the memory that they take.
    #[arg(long, value_name = "N")]
    idle_connections: Option<NonZeroUsize>,
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("expected a number of seconds above 0"),
    }
}

/// The callback remembers the last 100,000 messages by default.
fn remembered() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(..=100_000)
}

fn peer(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, command)) if !name.is_empty() && !command.is_empty() => {
            Ok((name.to_owned(), command.to_owned()))
        }
        _ => Err("expected NAME=COMMAND"),
    }
}

fn mode(text: String) -> Mode {
    match text.as_str() {
        "secure" => Mode::Secure,
        _ => Mode::Plaintext,
    }
}

/// Runs on one thread, which is enough for the client.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Serve { name, port, redis }) => server::serve(name, port, redis).await,
        None => tokio::select! {
            outcome = run(arguments.load) => outcome,
            // The servers run in other process groups, which don't get the terminal's signals. They
            // end when `run` is dropped.
            outcome = stopped() => outcome,
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn stopped() -> Result<(), BoxError> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome?,
        _ = terminate.recv() => {}
    }
    Err("stopped".into())
}

async fn run(load: Load) -> Result<(), BoxError> {
    let idle = load.idle_connections.map_or(0, NonZeroUsize::get);
    machine::allow_files(load.connections.get().max(idle))?;
    let cpus = Cpus::new(load.no_pin)?;

    let mut targets = Vec::new();
    for name in Name::ALL {
        targets.push(Target::own(name, None, cpus)?);
    }
    if let Some(redis) = &load.redis {
        // Nothing listens on port 1.
        for (name, url) in [
            (Name::Shared, redis.as_str()),
            (Name::Gone, "redis://127.0.0.1:1"),
        ] {
            targets.push(Target::own(name, Some(url), cpus)?);
        }
    }
    let modes = match load.mode {
        Some(mode) => vec![mode],
        None => vec![Mode::Plaintext, Mode::Secure],
    };
    for (name, command) in &load.peers {
        for mode in &modes {
            targets.push(Target::peer(name, command, *mode, cpus).await?);
        }
    }
    let rounds = rounds::run(&load, &mut targets).await?;
    table::print(&load, cpus, &targets, &rounds);
    drop(targets);
    match load.idle_connections {
        Some(connections) => idle::run(connections.get(), cpus).await,
        None => Ok(()),
    }
}
