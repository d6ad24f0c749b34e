//! Runs a command within its deadline.

use std::sync::Arc;

use redis::RedisResult;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use super::connect::Connection;
use super::driver::Driver;
use super::failure::Failure;
use super::link::{Link, State, Up};
use super::metrics;
use crate::store::StoreError;

impl Link {
    /// Returns whether a command would be sent, or wait for a connection.
    pub(super) fn is_available(self: &Arc<Self>) -> bool {
        if !matches!(&*self.state.borrow(), State::Down { .. }) {
            return true;
        }
        // The driver, which closes the circuit, may have ended with its runtime.
        if Handle::try_current().is_ok() {
            Driver::ensure(self);
        }
        false
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
        let result = timeout(self.settings().command_timeout, work).await;
        let at = sent.at.take();
        let failure = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Timeout,
        };
        metrics::failed(&self.settings().prefix, &failure);
        match (&failure, at) {
            (Failure::Open, _) => return Err(StoreError::logged(failure)),
            // Most of its time went by before it could be sent, which proves little.
            (Failure::Timeout, Some((number, at)))
                if at.elapsed() < self.settings().command_timeout / 2 =>
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
