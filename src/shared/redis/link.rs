//! The connection to Redis, and the circuit that opens while it is unavailable.
//!
//! | state | a command |
//! |---|---|
//! | idle | starts to connect, and waits |
//! | connecting | waits, up to the command's deadline |
//! | up | is sent |
//! | down | fails at once; a task tries to connect again |
//!
//! The circuit opens with the first command that misses its deadline or that the server can't serve,
//! so each caller waits for a dead server at most once. It closes when a probe could be written.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rand::RngExt;
use redis::RedisResult;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::connect::Connection;
use super::failure::Failure;
use super::settings::Settings;
use super::{metrics, names};
use crate::store::StoreError;

/// The pauses between attempts to connect again.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long the key of a probe lives, in milliseconds.
const PROBE_LIFE: usize = 1000;

pub(super) struct Link {
    settings: Settings,
    state: watch::Sender<State>,
    /// The key of a probe, in the slot of the command that failed last.
    probe: Mutex<String>,
}

#[derive(Clone)]
enum State {
    Idle,
    Connecting,
    Up(Up),
    Down { since: Instant },
}

#[derive(Clone)]
struct Up {
    connection: Connection,
    /// Tells this connection from those before and after it.
    number: u64,
}

impl Link {
    pub(super) fn new(settings: Settings) -> Arc<Self> {
        let probe = Mutex::new(names::name(&settings.prefix, "probe", "probe"));
        Arc::new(Self {
            settings,
            state: watch::Sender::new(State::Idle),
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
        let mut number = None;
        let work = async {
            let up = self.up().await?;
            number = Some(up.number);
            command(up.connection).await.map_err(Failure::of)
        };
        let failure = match timeout(self.settings.command_timeout, work).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Timeout,
        };
        metrics::failed(&failure);
        if failure.is_outage() {
            self.fail(number, key, &failure);
            return Err(StoreError::logged(failure));
        }
        Err(StoreError::new(failure))
    }

    /// Returns the connection, after waiting for one that is being opened.
    async fn up(self: &Arc<Self>) -> Result<Up, Failure> {
        let mut state = self.state.subscribe();
        loop {
            match &*state.borrow_and_update() {
                State::Up(up) => return Ok(up.clone()),
                State::Down { .. } => return Err(Failure::Open),
                State::Idle | State::Connecting => {}
            }
            self.connect();
            if state.changed().await.is_err() {
                return Err(Failure::Open);
            }
        }
    }

    /// Starts to connect, unless that has begun.
    fn connect(self: &Arc<Self>) {
        let began = self.state.send_if_modified(|state| {
            let is_idle = matches!(state, State::Idle);
            if is_idle {
                *state = State::Connecting;
            }
            is_idle
        });
        if began {
            self.keep_connecting();
        }
    }

    /// Opens the circuit, unless the connection of the failed command has been replaced.
    fn fail(self: &Arc<Self>, number: Option<u64>, key: &str, failure: &Failure) {
        let mut is_up = false;
        let opened = self.state.send_if_modified(|state| {
            match (&*state, number) {
                (State::Up(up), Some(number)) if up.number == number => is_up = true,
                // The attempt goes on; no further caller waits for it.
                (State::Connecting, None) => {}
                _ => return false,
            }
            let since = Instant::now();
            *state = State::Down { since };
            true
        });
        if opened {
            *self.probe.lock().unwrap_or_else(PoisonError::into_inner) = names::probe(key);
            down(failure);
        }
        if is_up {
            self.keep_connecting();
        }
    }

    /// Connects in a task, until it succeeds or the store is dropped.
    fn keep_connecting(self: &Arc<Self>) {
        let mut attempts = Attempts(Arc::downgrade(self));
        tokio::spawn(async move {
            let mut pause = PAUSE_MIN;
            while let Some(link) = attempts.0.upgrade() {
                match link.attempt().await {
                    Ok(connection) => {
                        // Ended before the connection can fail, which starts another task.
                        attempts.succeed();
                        return link.set_up(connection);
                    }
                    Err(failure) => link.set_down(&failure),
                }
                drop(link);
                // Instances that lost the server together should not return together.
                let share = rand::rng().random_range(0.5..1.0);
                sleep(pause.mul_f64(share)).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        });
    }

    /// Connects, and writes a probe: a server that is full or read-only accepts connections.
    async fn attempt(&self) -> Result<Connection, Failure> {
        let settings = &self.settings;
        let connection = timeout(settings.connect_timeout, settings.connect());
        let mut connection = connection
            .await
            .map_err(|_| Failure::Connect)?
            .map_err(Failure::of)?;
        let probe = self
            .probe
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut write = redis::cmd("SET");
        write.arg(probe).arg(1).arg("PX").arg(PROBE_LIFE);
        let written = timeout(settings.command_timeout, write.exec_async(&mut connection));
        written
            .await
            .map_err(|_| Failure::Timeout)?
            .map_err(Failure::of)?;
        Ok(connection)
    }

    fn set_up(&self, connection: Connection) {
        let number = rand::random();
        let up = State::Up(Up { connection, number });
        let before = self.state.send_replace(up);
        metrics::up(true);
        if let State::Down { since } = before {
            let ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(ms, "Redis is available again");
        }
    }

    fn set_down(&self, failure: &Failure) {
        let opened = self.state.send_if_modified(|state| {
            let is_first = !matches!(state, State::Down { .. });
            if is_first {
                let since = Instant::now();
                *state = State::Down { since };
            }
            is_first
        });
        if opened {
            down(failure);
        }
    }
}

fn down(failure: &Failure) {
    metrics::up(false);
    let error = crate::error::chain(failure);
    tracing::warn!(error, "Redis is unavailable: each instance works by itself");
}

/// The task that connects. If its runtime stops, the next command starts another one.
struct Attempts(Weak<Link>);

impl Attempts {
    fn succeed(&mut self) {
        self.0 = Weak::new();
    }
}

impl Drop for Attempts {
    fn drop(&mut self) {
        if let Some(link) = self.0.upgrade() {
            link.state.send_if_modified(|state| {
                let stopped = !matches!(state, State::Up(_) | State::Idle);
                if stopped {
                    *state = State::Idle;
                }
                stopped
            });
        }
    }
}
