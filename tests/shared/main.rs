//! Tests of shared state over real `redis-server` processes. Without the program they are skipped.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

mod acknowledged;
mod attacker;
mod browser;
#[path = "../it/chromium.rs"]
mod chromium;
mod conformance;
mod day;
mod dedup;
mod directory;
mod faults;
mod inbox;
mod kills;
mod pick_up;
mod platform;
#[path = "../it/process.rs"]
mod process;
mod processes;
mod round_robin;
mod scans;
mod server;
mod tokens;
