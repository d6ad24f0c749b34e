//! One fetch, whose outcome all who wait for it share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Token;
use crate::error::{Error, ErrorKind};

/// The outcome, once it is there.
type Outcome = Option<Result<Token, Error>>;

/// The fetch of a token that is under way, if one is.
#[derive(Default)]
pub(super) struct Flight(Mutex<Option<watch::Receiver<Outcome>>>);

/// Waits for the outcome of a fetch. To drop it stops nothing.
pub(super) struct Waiter(watch::Receiver<Outcome>);

/// Makes the fetch, and is the only one at a time.
pub(super) struct Leader(watch::Sender<Outcome>);

impl Flight {
    /// Joins the fetch under way; whoever comes first is to make it.
    pub(super) fn join(&self) -> (Waiter, Option<Leader>) {
        let mut flight = self.lock();
        if let Some(outcome) = &*flight {
            return (Waiter(outcome.clone()), None);
        }
        let (sender, outcome) = watch::channel(None);
        *flight = Some(outcome.clone());
        (Waiter(outcome), Some(Leader(sender)))
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.lock().is_some()
    }

    /// Ends the fetch: from now on another one may begin.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<watch::Receiver<Outcome>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leader {
    /// Tells all who wait.
    pub(super) fn tell(self, outcome: Result<Token, Error>) {
        // Nobody may be waiting any more.
        self.0.send_replace(Some(outcome));
    }
}

impl Waiter {
    /// # Errors
    /// That of the fetch, or [`ErrorKind::Interrupted`] if it was stopped.
    pub(super) async fn outcome(mut self) -> Result<Token, Error> {
        let outcome = self.0.wait_for(Option::is_some).await;
        let outcome = outcome.ok().and_then(|outcome| outcome.clone());
        outcome.unwrap_or_else(|| Err(Error::new(ErrorKind::Interrupted, "the task was stopped")))
    }
}
