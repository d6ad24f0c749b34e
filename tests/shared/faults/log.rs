//! Captures the log of a test's thread.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

/// A change of the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Down,
    Up,
}

impl Log {
    /// Captures this thread's log until the returned guards are dropped.
    pub fn listen(&self) -> (DefaultGuard, tracing::Dispatch) {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .without_time()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        // With a single subscriber in the process, `tracing` caches a callsite's interest as "never"
        // when another thread reaches it first.
        let second = tracing::Dispatch::new(tracing_subscriber::registry());
        (tracing::subscriber::set_default(subscriber), second)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Returns the changes of the circuit that were logged.
    pub fn changes(&self) -> Vec<Change> {
        let text = self.text();
        let change = |line: &str| {
            let is = |message| line.contains(message);
            let down =
                is("Redis is unavailable: each instance works by itself").then_some(Change::Down);
            down.or_else(|| is("Redis is available again").then_some(Change::Up))
        };
        text.lines().filter_map(change).collect()
    }

    /// Returns the warnings that are no change of the circuit.
    pub fn other_warnings(&self) -> Vec<String> {
        let text = self.text();
        let is_other = |line: &&str| {
            (line.contains("WARN") || line.contains("ERROR"))
                && !line.contains("Redis is unavailable")
        };
        text.lines().filter(is_other).map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
