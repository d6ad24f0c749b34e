//! The connection to Redis, and the circuit that opens while it is unavailable.
//!
//! | state | a command |
//! |---|---|
//! | connecting | waits, up to the command's deadline |
//! | up | is sent |
//! | down | fails at once |
//!
//! The circuit opens (the state becomes down) with the first command that misses its deadline or
//! that the server can't serve, so each caller waits for a dead server at most once. It closes when a
//! probe could be written. The [driver](super::driver) opens all connections, in a task of its own.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::connect::Connection;
use super::failure::Failure;
use super::in_charge::Drivers;
use super::settings::Settings;
use super::{metrics, names};

pub(super) struct Link {
    settings: Settings,
    pub(super) state: watch::Sender<State>,
    pub(super) drivers: Drivers,
    /// The key of a probe, in the slot of the command that failed last.
    probe: Mutex<String>,
}

#[derive(Clone)]
pub(super) enum State {
    Connecting,
    Up(Up),
    Down { since: Instant },
}

#[derive(Clone)]
pub(super) struct Up {
    pub(super) connection: Connection,
    /// Tells this connection from those before and after it.
    pub(super) number: u64,
    /// When a command was sent that its caller gave up before its deadline: the connection may be
    /// dead.
    pub(super) in_doubt: Option<Instant>,
}

impl Link {
    pub(super) fn new(settings: Settings) -> Arc<Self> {
        let probe = Mutex::new(names::name(&settings.prefix, "probe", "probe"));
        Arc::new(Self {
            settings,
            state: watch::Sender::new(State::Connecting),
            drivers: Drivers::default(),
            probe,
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Lets the driver look at the connection, if it is still in use.
    pub(super) fn doubt(&self, number: u64, sent: Instant, key: &str) {
        self.change(|state| match state {
            State::Up(up) if up.number == number && up.in_doubt.is_none() => {
                self.probe_at(key);
                up.in_doubt = Some(sent);
                true
            }
            _ => false,
        });
    }

    /// Opens the circuit, unless it is open.
    pub(super) fn set_down(&self, failure: &Failure) {
        self.change(|state| {
            let opens = !matches!(state, State::Down { .. });
            if opens {
                self.open(state, failure);
            }
            opens
        });
    }

    /// Closes the circuit. Returns the number of the connection.
    pub(super) fn set_up(&self, connection: Connection) -> u64 {
        let number = rand::random();
        self.change(|state| {
            metrics::up(&self.settings.prefix, true);
            match state {
                State::Down { since } => {
                    let ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
                    tracing::info!(ms, "Redis is available again");
                }
                _ => tracing::debug!("connected to Redis"),
            }
            *state = State::Up(Up {
                connection,
                number,
                in_doubt: None,
            });
            true
        });
        number
    }

    pub(super) fn open(&self, state: &mut State, failure: &Failure) {
        metrics::up(&self.settings.prefix, false);
        let error = crate::error::chain(failure);
        tracing::warn!(error, "Redis is unavailable: each instance works by itself");
        let since = Instant::now();
        *state = State::Down { since };
    }

    /// Changes the state. `change` also logs and records it, so that the lines and the gauge are in
    /// the order of the changes.
    pub(super) fn change(&self, change: impl FnOnce(&mut State) -> bool) {
        self.state.send_if_modified(change);
    }

    /// Returns the key of the next probe.
    pub(super) fn probe(&self) -> String {
        self.probe
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn probe_at(&self, key: &str) {
        *self.probe.lock().unwrap_or_else(PoisonError::into_inner) = names::probe(key);
    }
}
