//! The task that opens the connection, looks after it, and replaces it.
//!
//! It runs on the runtime of the command that starts it. If that runtime stops, or no longer polls
//! the task, the next command starts another one on its own runtime.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::back_off::BackOff;
use super::connect::Connection;
use super::failure::Failure;
use super::link::{Link, State, Up};
use super::probe;

/// How long a connection must have worked for the pauses to start over. A server that answers the
/// probe and then fails would otherwise cost the callers a deadline with each attempt.
const STEADY: Duration = Duration::from_secs(10);

/// How often the connection is used if nothing else uses it. Servers and middleboxes close idle
/// connections, some silently, and tokens are read only every two hours.
const BEAT: Duration = Duration::from_secs(5);

/// The least time for the answer to a probe.
const ANSWER_MIN: Duration = Duration::from_millis(50);

/// How long a driver may be silent, in addition to its longest wait, before it is replaced.
const SILENT: Duration = Duration::from_secs(5);

/// One driver. It ends when it is replaced, and soon after the store was dropped.
pub(super) struct Driver {
    link: Weak<Link>,
    number: u64,
}

impl Driver {
    /// Starts a driver, unless there is one.
    pub(super) fn ensure(link: &Arc<Link>) {
        let settings = link.settings();
        let longest = settings.connect_limit() + 2 * settings.command_timeout + BEAT + SILENT;
        let mut in_charge = link.drivers.lock();
        if in_charge.seen.is_some_and(|seen| seen.elapsed() < longest) {
            return;
        }
        in_charge.number += 1;
        in_charge.seen = Some(Instant::now());
        let driver = Self {
            link: Arc::downgrade(link),
            number: in_charge.number,
        };
        drop(in_charge);
        tokio::spawn(driver.run(link.state.subscribe()));
    }

    async fn run(self, mut states: watch::Receiver<State>) {
        let mut pauses = BackOff::new();
        while let Some(number) = self.connect(&mut pauses).await {
            let since = Instant::now();
            if !self.watch(&mut states, number).await {
                return;
            }
            if since.elapsed() >= STEADY {
                pauses.reset();
            } else {
                pauses.rest().await;
            }
        }
    }

    /// Connects, in as many attempts as it takes. Returns the number of the connection, or `None` if
    /// this driver is no longer needed.
    async fn connect(&self, pauses: &mut BackOff) -> Option<u64> {
        loop {
            let link = self.link()?;
            let attempt = attempt(&link).await;
            // Another driver may have taken over during the attempt.
            self.link()?;
            match attempt {
                Ok(connection) => return Some(link.set_up(connection)),
                Err(failure) => {
                    let error = crate::error::chain(&failure);
                    tracing::debug!(error, "could not connect to Redis");
                    link.set_down(&failure);
                }
            }
            drop(link);
            pauses.rest().await;
        }
    }

    /// Uses the connection now and then until it must be replaced. Returns whether this driver is
    /// still needed.
    async fn watch(&self, states: &mut watch::Receiver<State>, number: u64) -> bool {
        loop {
            let is_due = match timeout(BEAT, states.changed()).await {
                Ok(Ok(())) => false,
                // The store was dropped.
                Ok(Err(_)) => return false,
                Err(_) => true,
            };
            let Some(link) = self.link() else {
                return false;
            };
            let Some(up) = current(&link, number) else {
                return true;
            };
            if (is_due || up.in_doubt.is_some()) && !beat(&link, up).await {
                return true;
            }
        }
    }

    /// Returns the link, if this driver is in charge of it.
    fn link(&self) -> Option<Arc<Link>> {
        let link = self.link.upgrade()?;
        let mut in_charge = link.drivers.lock();
        let is_mine = in_charge.number == self.number;
        if is_mine {
            in_charge.seen = Some(Instant::now());
        }
        drop(in_charge);
        is_mine.then_some(link)
    }
}

/// Runs also when the runtime stops: the connection has then stopped, too.
impl Drop for Driver {
    fn drop(&mut self) {
        let Some(link) = self.link() else {
            return;
        };
        link.drivers.lock().seen = None;
        // Wakes those who wait: one of them starts another driver.
        link.change(|state| {
            let is_open = matches!(state, State::Down { .. });
            if !is_open {
                *state = State::Connecting;
            }
            !is_open
        });
    }
}

/// Returns the connection with this number, if it is in use.
fn current(link: &Link, number: u64) -> Option<Up> {
    match &*link.state.borrow() {
        State::Up(up) if up.number == number => Some(up.clone()),
        _ => None,
    }
}

/// Uses the connection. Returns whether it works.
///
/// If it does not, and no command was given up, it is replaced while the callers wait, since the server
/// may be well. A command that was given up has waited for long enough: its deadline counts.
async fn beat(link: &Link, up: Up) -> bool {
    let limit = link.settings().command_timeout;
    // A node of a cluster that does not answer is the concern of those who need it.
    drop(timeout(limit, probe::touch(up.connection.clone())).await);
    let waited = up.in_doubt.map_or(Duration::ZERO, |sent| sent.elapsed());
    let left = limit.saturating_sub(waited).max(ANSWER_MIN);
    let key = link.probe();
    let written = timeout(left, probe::write(up.connection, &key)).await;
    let is_well = matches!(written, Ok(Ok(())));
    link.change(|state| match state {
        State::Up(now) if now.number == up.number => {
            match up.in_doubt {
                _ if is_well => now.in_doubt = None,
                None => *state = State::Connecting,
                Some(_) => link.open(state, &Failure::Timeout),
            }
            !is_well
        }
        _ => false,
    });
    is_well
}

/// Connects, and writes a probe: a server that is full or read-only accepts connections.
async fn attempt(link: &Link) -> Result<Connection, Failure> {
    let settings = link.settings();
    let connection = timeout(settings.connect_limit(), settings.connect()).await;
    let connection = connection
        .map_err(|_| Failure::Connect)?
        .map_err(Failure::of)?;
    let key = link.probe();
    let written = timeout(
        settings.command_timeout,
        probe::write(connection.clone(), &key),
    )
    .await;
    written
        .map_err(|_| Failure::Timeout)?
        .map_err(Failure::of)?;
    Ok(connection)
}
