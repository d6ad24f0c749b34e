//! Fetches and refreshes tokens: one fetch for all who wait, from the store or the source.

use std::sync::Arc;
use std::time::Duration;

use moka::ops::compute::Op;

use super::entry::{Entry, Refused};
use super::tokens::{Fetched, Inner, Tokens};
use super::{Status, Token};
use crate::error::{Error, ErrorKind};
use crate::panic::{Contained, Panicked};
use crate::runtime::BoxFuture;
use crate::single_flight::Run;

/// The longest time a caller waits for a token.
const FETCH_MAX: Duration = Duration::from_secs(30);

/// How long a permanent refusal is cached.
const REFUSAL_KEPT: Duration = Duration::from_secs(10);

/// How long an answer that is not a token is cached.
const GARBAGE_KEPT: Duration = Duration::from_secs(1);

impl Tokens {
    /// Waits for the fetch of an app's token, and starts one if there is none. Dropping a caller
    /// doesn't cancel the fetch.
    pub(super) async fn fetch(&self, entry: &Arc<Entry>) -> Result<Token, Error> {
        let Inner {
            fetches,
            runtime,
            waiters,
            ..
        } = &*self.0;
        let _waits = waiters.enter()?;
        let fetch = |run| self.clone().fetch_once(Arc::clone(entry), run);
        let outcome = fetches.run(runtime, &entry.id, fetch).await;
        outcome.unwrap_or_else(|| {
            let message = "the task that fetched the token was stopped";
            Err(Error::new(ErrorKind::Interrupted, message))
        })
    }

    /// Checks the cache again before fetching: another fetch may have filled it since this caller
    /// found it empty.
    fn fetch_once(self, entry: Arc<Entry>, run: Run<u64, Fetched>) -> BoxFuture<'static, Fetched> {
        Box::pin(async move {
            let now = self.0.clock.moment();
            self.remove_if(&entry, |token| token.status_at(now) == Status::Expired);
            if let Some(token) = self.0.cache.get(&entry.id) {
                return Ok(token);
            }
            let token = self.obtain(&entry, Status::Stale).await?;
            // A fetch that was taken over may finish after its successor, and must not overwrite its
            // token.
            if run.is_current() {
                self.put(&entry, &token);
            }
            match entry.has_ended() {
                true => Err(Error::unknown_app(entry.key.appid.as_str())),
                false => Ok(token),
            }
        })
    }

    /// Starts the refresh of a stale token, unless one is in progress.
    pub(super) fn refresh(&self, entry: &Arc<Entry>) {
        let Some(number) = entry.refresh.begin(self.0.clock.moment().monotonic) else {
            return;
        };
        let refresh = Refreshing {
            tokens: self.clone(),
            entry: Arc::clone(entry),
            number,
        };
        self.0.runtime.spawn(async move {
            let Refreshing { tokens, entry, .. } = &refresh;
            // A stale token of the store could be the very one that is to be replaced.
            let result = tokens.obtain(entry, Status::Fresh).await;
            tokens.publish(entry, result);
        });
    }

    /// Replaces the stale token with the refreshed one. After a failure, keeps the stale token and
    /// postpones the next refresh.
    fn publish(&self, entry: &Entry, result: Result<Token, Error>) {
        let now = self.0.clock.moment();
        let _change = entry.front.change();
        let cached = self.0.cache.entry(entry.id);
        cached.and_compute_with(|current| {
            let current = current.map(moka::Entry::into_value);
            match (result, current) {
                // Retired or replaced in the meantime: the newer token stays.
                (Ok(new), Some(old)) if new.is_older_than(&old) => Op::Nop,
                (Ok(new), Some(_)) => Op::Put(new.postponed(now, self.0.margins)),
                (Err(error), Some(old)) => {
                    let (appid, error) = (&entry.key.appid, error.to_string());
                    tracing::warn!(%appid, error, "could not refresh a token");
                    Op::Put(old.postponed(now, self.0.margins))
                }
                (_, None) => Op::Nop,
            }
        });
    }

    /// Returns a token from the store or the source. A stored token must be fresh, or in the state
    /// `oldest`.
    async fn obtain(&self, entry: &Entry, oldest: Status) -> Result<Token, Error> {
        let now = self.0.clock.moment();
        let retries = {
            let memory = entry.memory();
            if let Some(refused) = &memory.refused
                && now.since(refused.since) < refused.kept
            {
                return Err(refused.error.clone());
            }
            memory.retries
        };
        let fetch = Contained::new(self.obtain_now(entry, oldest));
        let result = match self.0.runtime.timeout(FETCH_MAX, fetch).await {
            Some(Ok(result)) => result,
            Some(Err(Panicked)) => {
                let message = "the token source panicked";
                tracing::error!(appid = %entry.key.appid, "{message}");
                Err(Error::new(ErrorKind::Interrupted, message))
            }
            None => {
                let message = "no token was fetched within 30 seconds";
                Err(Error::new(ErrorKind::Timeout, message))
            }
        };
        let refused = result.as_ref().err().and_then(|error| {
            Some(Refused {
                error: error.clone(),
                since: self.0.clock.moment(),
                kept: kept(error)?,
            })
        });
        let mut memory = entry.memory();
        // Not if it concerns a secret that was replaced meanwhile.
        if memory.retries == retries {
            memory.refused = refused;
        }
        result
    }
}

/// Returns how long an error of the source is cached, or `None` if it is not.
fn kept(error: &Error) -> Option<Duration> {
    match error.kind() {
        ErrorKind::Interrupted => Some(GARBAGE_KEPT),
        _ if error.is_transient() => None,
        // A broken answer or a panic may be a one-off.
        ErrorKind::Answer | ErrorKind::Status(_) => Some(GARBAGE_KEPT),
        _ => Some(REFUSAL_KEPT),
    }
}

/// A refresh. Its drop ends it, also when the task panics or is stopped.
struct Refreshing {
    tokens: Tokens,
    entry: Arc<Entry>,
    number: u64,
}

impl Drop for Refreshing {
    fn drop(&mut self) {
        self.entry.refresh.end(self.number);
    }
}
