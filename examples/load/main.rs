//! What a push costs end to end: over loopback, on keep-alive connections, against a server that
//! does nothing with it.
//!
//! Run with `cargo run --release --example load`; `-- --help` tells the options.

// Processor time and memory are read from `/proc`.
#[cfg(target_os = "linux")]
mod linux;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("load: it measures with /proc, which only Linux has");
    ExitCode::from(2)
}
