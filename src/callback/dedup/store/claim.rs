//! Runs a push under a claim in the store.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::Claimed;
use super::erased::{PATIENCE, SharedStore, passed_over};
use crate::callback::dedup::PushKey;
use crate::callback::dedup::error::RunFailed;
use crate::callback::error::Refused;
use crate::callback::run::{Work, end_of, poll_work};
use crate::callback::{Rejection, Reply};
use crate::error::BoxError;
use crate::runtime::SharedRuntime;
use crate::store::{Owner, StoreError, within};

/// The life of a claim. If its holder dies, the platform's next push, five seconds after the one
/// before, finds it ended.
const LIFE: Duration = Duration::from_secs(4);

/// The interval at which a claim is renewed. A handler that completes earlier costs no renewal.
const RENEW: Duration = Duration::from_secs(1);

/// The interval at which a push that runs on another instance is polled.
const STEP: Duration = Duration::from_millis(200);

/// How long to wait for another instance: until the platform's third and last push has timed out.
/// That push may join the one that waits here.
const WAIT: Duration = Duration::from_secs(15);

/// A push that this instance claims, or waits for.
pub(in crate::callback::dedup) struct SharedClaim {
    store: SharedStore,
    runtime: Option<SharedRuntime>,
    push: PushKey,
    owner: Owner,
}

impl SharedClaim {
    pub(in crate::callback::dedup) fn new(
        store: SharedStore,
        runtime: Option<SharedRuntime>,
        push: PushKey,
    ) -> Self {
        Self {
            store,
            runtime,
            push,
            owner: Owner::new(),
        }
    }

    /// Runs the work, unless another instance is running it or has finished it. `life` returns how
    /// long a push with this reply is remembered.
    pub(in crate::callback::dedup) async fn run(
        mut self,
        work: Work<Reply>,
        life: impl FnOnce(&Reply) -> Duration,
    ) -> Result<Reply, BoxError> {
        self.runtime = SharedRuntime::or_current(self.runtime.as_ref());
        if let Some(reply) = self.take().await? {
            return Ok(reply);
        }
        let result = self.renewing(work).await;
        let finished = result
            .as_ref()
            .ok()
            .map(|reply| (reply.clone(), life(reply)));
        match self.runtime.clone() {
            // The answer does not wait for the store.
            Some(runtime) => runtime.spawn(self.end(finished)),
            None => self.end(finished).await,
        }
        result
    }

    /// Claims the push, or returns the reply of another instance.
    async fn take(&self) -> Result<Option<Reply>, BoxError> {
        let Self {
            store,
            runtime,
            push,
            owner,
        } = self;
        // Starts when the push is found running: a fresh push needs no timer.
        let mut limit = None;
        loop {
            let claimed = async { store.0.claim(push, owner, LIFE).await };
            let claimed = within(runtime.as_ref(), PATIENCE, claimed).await;
            let claimed = claimed.inspect_err(passed_over).ok();
            match claimed {
                Some(Claimed::Granted) => return Ok(None),
                Some(Claimed::Finished(reply)) => return Ok(Some(reply)),
                Some(Claimed::Replayed) => return Err(Refused(Rejection::Replayed).into()),
                Some(Claimed::Running) => {}
                None if limit.is_none() => return Ok(None),
                // Another instance was running the push a moment ago, and the store may return.
                None => {}
            }
            // Without a runtime there is no timer for polling again.
            let runtime = runtime.as_ref().ok_or(RunFailed)?;
            let limit = limit.get_or_insert_with(|| runtime.sleep(WAIT));
            if runtime.timeout(STEP, limit).await.is_some() {
                return match claimed {
                    Some(_) => Err(RunFailed.into()),
                    // The other instance may be gone together with the store.
                    None => Ok(None),
                };
            }
        }
    }

    /// Runs the work, and renews the claim meanwhile.
    async fn renewing(&self, mut work: Work<Reply>) -> Result<Reply, BoxError> {
        let Some(runtime) = &self.runtime else {
            return end_of(work).await;
        };
        let mut renew = pin!(self.renew(runtime));
        poll_fn(|cx| {
            let polled = poll_work(work.as_mut(), cx);
            if polled.is_pending() {
                let _: Poll<Infallible> = renew.as_mut().poll(cx);
            }
            polled
        })
        .await
    }

    async fn renew(&self, runtime: &SharedRuntime) -> Infallible {
        let mut failed = false;
        loop {
            runtime.sleep(RENEW).await;
            let renewed = async { self.store.0.renew(&self.push, &self.owner, LIFE).await };
            match within(Some(runtime), PATIENCE, renewed).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(
                        appid = %self.push.appid,
                        "another instance took a push over while its handler was running: it may \
                         be handled twice"
                    );
                    return pending().await;
                }
                // Once for each push: a handler may run for ten minutes.
                Err(error) if !failed => {
                    failed = true;
                    passed_over(&error);
                }
                Err(_) => {}
            }
        }
    }

    /// Stores the end of the run: the reply and how long it is kept, or `None` if the run failed.
    async fn end(self, finished: Option<(Reply, Duration)>) {
        let Self {
            store, push, owner, ..
        } = &self;
        let noted = async {
            match &finished {
                Some((reply, life)) => store.0.finish(push, owner, reply, *life).await,
                None => store.0.release(push, owner).await,
            }
        };
        let noted: Result<(), StoreError> = within(self.runtime.as_ref(), PATIENCE, noted).await;
        noted.unwrap_or_else(|error| passed_over(&error));
    }
}
