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

use redis::RedisResult;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::connect::Connection;
use super::driver::{Driver, Drivers};
use super::failure::Failure;
use super::settings::Settings;
use super::{metrics, names};
use crate::store::StoreError;

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

    /// Runs a command on the key `key`, within the deadline of commands.
    pub(super) async fn run<T, F>(
        self: &Arc<Self>,
        key: &str,
        command: impl FnOnce(Connection) -> F + Send,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = RedisResult<T>> + Send,
    {
        if Handle::try_current().is_err() {
            return Err(StoreError::new("the Redis client needs a tokio runtime"));
        }
        let mut sent = Sent {
            link: self,
            key,
            at: None,
        };
        let work = async {
            let up = self.up().await?;
            sent.at = Some((up.number, Instant::now()));
            command(up.connection).await.map_err(Failure::of)
        };
        let result = timeout(self.settings.command_timeout, work).await;
        let at = sent.at.take();
        let failure = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Timeout,
        };
        metrics::failed(&self.settings.prefix, &failure);
        match (&failure, at) {
            (Failure::Open, _) => return Err(StoreError::logged(failure)),
            // Most of its time went by before it could be sent, which proves little.
            (Failure::Timeout, Some((number, at)))
                if at.elapsed() < self.settings.command_timeout / 2 =>
            {
                self.doubt(number, at, key);
            }
            _ if failure.is_outage() => {
                self.fail(at.map(|(number, _)| number), key, &failure);
                return Err(StoreError::logged(failure));
            }
            _ => {}
        }
        Err(StoreError::new(failure))
    }

    /// Returns the connection, after waiting for one that is being opened.
    async fn up(self: &Arc<Self>) -> Result<Up, Failure> {
        if let State::Up(up) = &*self.state.borrow() {
            return Ok(up.clone());
        }
        let mut states = self.state.subscribe();
        loop {
            Driver::ensure(self);
            match &*states.borrow_and_update() {
                State::Up(up) => return Ok(up.clone()),
                State::Down { .. } => return Err(Failure::Open),
                State::Connecting => {}
            }
            if states.changed().await.is_err() {
                return Err(Failure::Open);
            }
        }
    }

    /// Opens the circuit, unless the connection of the failed command has been replaced. A command
    /// that was not sent has waited for a connection for too long.
    fn fail(self: &Arc<Self>, sent: Option<u64>, key: &str, failure: &Failure) {
        self.change(|state| {
            let is_current = match (&*state, sent) {
                (State::Up(up), Some(number)) => up.number == number,
                (State::Connecting, None) => true,
                _ => false,
            };
            if is_current {
                self.probe_at(key);
                self.open(state, failure);
            }
            is_current
        });
        // The driver of this connection may have ended with its runtime.
        Driver::ensure(self);
    }

    /// Lets the driver look at the connection, if it is still in use.
    fn doubt(&self, number: u64, sent: Instant, key: &str) {
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

    fn probe_at(&self, key: &str) {
        *self.probe.lock().unwrap_or_else(PoisonError::into_inner) = names::probe(key);
    }
}

/// A command in progress. A caller that gives it up, for example because its own deadline is
/// shorter, puts the connection in doubt: otherwise a dead one could stay in use.
struct Sent<'a> {
    link: &'a Link,
    key: &'a str,
    /// The connection, and the time.
    at: Option<(u64, Instant)>,
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if let Some((number, sent)) = self.at {
            self.link.doubt(number, sent, self.key);
        }
    }
}
