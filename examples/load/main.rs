//! Measures a push end to end, over loopback on keep-alive connections, against a server that only
//! reads it.
//!
//! Run with `cargo run --release --example load`. `-- --help` lists the options.

// CPU time and memory are read from `/proc`.
#[cfg(target_os = "linux")]
mod linux;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("load: requires Linux, since it reads /proc");
    ExitCode::from(2)
}
