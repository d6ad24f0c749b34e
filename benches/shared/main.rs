//! Measures what shared state on a real `redis-server` costs, as ratios within one run.
//!
//! Run with `cargo bench --bench shared`. `cargo run --release --example load -- --redis URL`
//! measures pushes per second.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]

mod cold;
#[path = "../../tests/shared/directory.rs"]
#[allow(dead_code, unreachable_pub)]
mod directory;
#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../interleave/mod.rs"]
mod interleave;
mod pushes;
#[path = "../../tests/shared/server.rs"]
#[allow(dead_code, unreachable_pub)]
mod server;
mod tokens;

use interleave::Spread;
use server::Server;

fn main() {
    if cold::is_process() {
        return cold::process();
    }
    let Some(server) = Server::start() else {
        return;
    };
    println!("| measured | | against | | ratio | p10 to p90 |");
    println!("| --- | ---: | --- | ---: | ---: | ---: |");
    tokens::run(&server);
    pushes::run(&server);
    cold::run(&server);
}

/// Prints one row: the measured value, the baseline, and the ratio of the two.
fn row(measured: (&str, &str), against: (&str, &str), ratio: Spread) {
    let Spread { median, p10, p90 } = ratio;
    println!(
        "| {} | {} | {} | {} | {median:.3} | {p10:.3} to {p90:.3} |",
        measured.0, measured.1, against.0, against.1,
    );
}
