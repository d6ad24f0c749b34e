//! Tests of shared state over real `redis-server` processes. Without the program they are skipped.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

mod attacker;
mod conformance;
mod day;
mod platform;
mod processes;
mod directory;
mod faults;
mod dedup;
mod browser;
#[path = "../it/chromium.rs"]
mod chromium;
mod pick_up;
#[path = "../it/process.rs"]
mod process;
mod round_robin;
mod scans;
mod server;
mod tokens;
