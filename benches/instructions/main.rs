//! Counts the instructions of what every request runs through, and compares them with a baseline.
//!
//! Valgrind counts the same on a busy machine as on an idle one. It does not see the processor's
//! SHA instructions, so that SHA-1 costs more here than it does in time.
//!
//! Run with `tests/instructions.sh`.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../fixture/mod.rs"]
mod fixture;

mod baseline;
mod paths;
mod ratios;
mod valgrind;

use std::process::exit;

use self::baseline::Baseline;
use self::paths::PATHS;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    // Cargo adds `--bench`, unless it has built this for a test: then there is nothing to count.
    match arguments[..] {
        [] => {}
        ["--bench"] => exit(check()),
        ["--update", "--bench"] => Baseline::of(valgrind::surroundings(), count()).write(),
        // What valgrind runs.
        ["run", path, calls] => paths::run(path, calls.parse().unwrap()),
        ["features"] => println!("{}", valgrind::features()),
        _ => {
            eprintln!("usage: tests/instructions.sh [--update]");
            exit(2)
        }
    }
}

/// The instructions of a call of each path.
fn count() -> Vec<(&'static str, u64)> {
    let count = |path: &paths::Path| (path.name, valgrind::count(path.name));
    PATHS.iter().map(count).collect()
}

/// The status to exit with.
fn check() -> i32 {
    let (surroundings, counts) = (valgrind::surroundings(), count());
    let baseline = Baseline::read();
    let slower = baseline.compare(&surroundings, &counts);
    let heavier = ratios::compare(&counts);
    i32::from(slower || heavier)
}
