//! Counts the instructions of the code that every request runs, and compares them with a baseline.
//!
//! Valgrind's counts don't depend on the load of the machine. It doesn't support the processor's
//! SHA instructions, so SHA-1 has a larger share here than in time.
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
    // Cargo adds `--bench` except in test runs, which have nothing to count.
    match arguments[..] {
        [] => {}
        ["--bench"] => exit(check()),
        ["--update", "--bench"] => Baseline::of(valgrind::surroundings(), count()).write(),
        // The two commands that valgrind runs.
        ["run", path, calls] => paths::run(path, calls.parse().unwrap()),
        ["features"] => println!("{}", valgrind::features()),
        _ => {
            eprintln!("usage: tests/instructions.sh [--update]");
            exit(2)
        }
    }
}

/// Returns the instructions per call of each path.
fn count() -> Vec<(&'static str, u64)> {
    let count = |path: &paths::Path| (path.name, valgrind::count(path.name));
    PATHS.iter().map(count).collect()
}

/// Compares the counts with the baseline and the ratios, and returns the exit status.
fn check() -> i32 {
    let (surroundings, counts) = (valgrind::surroundings(), count());
    let baseline = Baseline::read();
    let slower = baseline.compare(&surroundings, &counts);
    let heavier = ratios::compare(&counts);
    i32::from(slower || heavier)
}
