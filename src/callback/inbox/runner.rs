//! Works through the stored messages.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;
use tracing::Instrument;

use super::deliver::Delivery;
use super::held::{Held, LEASE, PATIENCE, store_failed};
use super::run::Run;
use super::store::{Taken, TakenEntry};
use super::unkept::Outcome;
use super::{Inbox, payload};
use crate::callback::error::{Outlived, Panicked};
use crate::callback::run::{Answer, Work, end_of};
use crate::callback::verify::replay::Delivery as Arrival;
use crate::callback::{IntoReply, Message, Reply};
use crate::error::BoxError;
use crate::panic::contain;
use crate::runtime::SharedRuntime;
use crate::store::{Owner, within};

/// How often the store is asked without a notice: other processes may use it, too.
const POLL: Duration = Duration::from_secs(1);

/// The longest pause while the store fails.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Starts the run of a message. Locked, since a handler need not be `Sync`.
type Start = Mutex<Box<dyn FnMut(Message) -> Work<Reply> + Send>>;

struct Runner {
    inbox: Inbox,
    start: Start,
    delivery: Delivery,
}

impl Inbox {
    /// Starts the workers, unless they are started. The first handler that the inbox is applied to
    /// runs what is stored. Without a runtime, nothing is started.
    pub(in crate::callback) fn start<H>(
        &self,
        handler: &H,
        runtime: Option<&SharedRuntime>,
        delivery: impl FnOnce(SharedRuntime) -> Delivery,
    ) where
        H: Service<Message> + Clone + Send + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        if self.core().is_started() {
            return;
        }
        let Some(runtime) = SharedRuntime::or_current(runtime) else {
            return;
        };
        // The host's `Clone` may panic.
        let Ok(handler) = contain(|| handler.clone()) else {
            return tracing::error!("the workers of the inbox did not start: the handler panicked");
        };
        if !self.core().start() {
            return;
        }
        let start =
            move |message| -> Work<Reply> { Box::pin(Answer::new(handler.clone(), message)) };
        let runner = Arc::new(Runner {
            inbox: self.clone(),
            start: Mutex::new(Box::new(start)),
            delivery: delivery(runtime.clone()),
        });
        runtime.spawn(runner.work());
    }
}

impl Runner {
    async fn work(self: Arc<Self>) {
        let runtime = &self.delivery.runtime;
        let core = self.inbox.core();
        let slots = Arc::new(Semaphore::new(self.inbox.worker_count()));
        // After this time, no retry of a push of an earlier process arrives.
        let mut window = Some(runtime.sleep(self.inbox.remembers()));
        let (mut took_any, mut pause) = (false, POLL);
        loop {
            let slot = Arc::clone(&slots).acquire_owned();
            let Some(Ok(slot)) = unless(core.closed(), slot).await else {
                return;
            };
            if core.is_closed() {
                return;
            }
            let owner = Owner::new();
            let taken = async { core.store.take(&owner, LEASE).await };
            let wait = match within(Some(runtime), PATIENCE, taken).await {
                Ok(Taken::Entry(entry)) => {
                    (took_any, pause) = (true, POLL);
                    self.spawn(entry, owner, slot);
                    continue;
                }
                Ok(Taken::Nothing(next)) => {
                    pause = POLL;
                    let passed = match &mut window {
                        Some(window) => is_ready(window).await,
                        None => true,
                    };
                    if passed || !took_any {
                        window = None;
                        core.none_left_over();
                    }
                    next.map_or(POLL, |next| next.min(POLL))
                }
                Err(error) => {
                    store_failed(&error);
                    pause = pause.saturating_mul(2).min(PAUSE_MAX);
                    pause
                }
            };
            drop(slot);
            self.observe().await;
            let arrived = first(core.arrived.notified(), core.store.changed());
            if unless(core.closed(), runtime.timeout(wait, arrived))
                .await
                .is_none()
            {
                return;
            }
        }
    }

    fn spawn(self: &Arc<Self>, taken: TakenEntry, owner: Owner, slot: OwnedSemaphorePermit) {
        let (runner, runtime) = (Arc::clone(self), &self.delivery.runtime);
        let held = Held::taken(&self.inbox, taken.entry.key.clone(), owner);
        runtime.spawn(async move {
            runner.run(held, taken).await;
            drop(slot);
        });
    }

    /// Runs one entry to its end.
    async fn run(&self, held: Held, taken: TakenEntry) {
        let TakenEntry { entry, attempt } = taken;
        let runtime = &self.delivery.runtime;
        let (message, reply) = match payload::decode(&entry.key.appid, &entry.payload) {
            Ok(decoded) => decoded,
            Err(error) => {
                tracing::error!(appid = %entry.key.appid, error, "a message of the inbox is unreadable");
                held.bury(runtime, error).await;
                return;
            }
        };
        if attempt > self.inbox.max_tries() {
            // It was not given up by a run that failed, so it has ended the process each time.
            let appid = message.appid();
            let error = "the process ended during each try";
            tracing::error!(%appid, attempt, error, "a message of the inbox becomes a dead letter");
            held.bury(runtime, error).await;
            return;
        }
        self.inbox.core().counts.runs.add();
        let span = tracing::info_span!(
            "wechat.inbox",
            appid = message.appid().as_str(),
            kind = message.msg_type(),
            event = message.event_name(),
            key = %entry.key.dedup,
            attempt,
        );
        let run = async {
            let outcome = match reply {
                // The handler has succeeded, and its reply could not be sent.
                Some(reply) => Ok(reply),
                None => {
                    let message = message.clone().delivered(Arrival::Stored { attempt });
                    held.renewing(runtime, self.handle(message)).await
                }
            };
            let run = Run {
                held: held.clone(),
                message,
                attempt,
                delivery: self.delivery.clone(),
            };
            run.end(outcome).await;
        };
        run.instrument(span).await;
    }

    async fn handle(&self, message: Message) -> Outcome {
        let appid = message.appid().clone();
        let work = contain(|| {
            let mut start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
            start(message)
        });
        let work = work.map_err(|_| Panicked)?;
        let max_life = self.delivery.max_life;
        let outcome = self.delivery.runtime.timeout(max_life, end_of(work)).await;
        outcome.unwrap_or_else(|| {
            crate::callback::metrics::dropped(&appid);
            tracing::error!(%appid, ?max_life, "dropped a handler that exceeded max_life");
            Err(Outlived.into())
        })
    }

    /// Updates the gauges.
    async fn observe(&self) {
        #[cfg(feature = "metrics")]
        {
            let runtime = &self.delivery.runtime;
            let contents = async { self.inbox.core().store.contents().await };
            if let Ok(contents) = within(Some(runtime), PATIENCE, contents).await {
                super::metrics::contents(&contents);
            }
        }
    }
}

/// Returns the output of `future`, or `None` if `end` completes first.
async fn unless<T>(end: impl Future<Output = ()>, future: impl Future<Output = T>) -> Option<T> {
    let (mut end, mut future) = (pin!(end), pin!(future));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => end.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Completes with the first of two futures.
async fn first(one: impl Future<Output = ()>, two: impl Future<Output = ()>) {
    unless(one, two).await.unwrap_or_default();
}

/// Returns whether a future is ready now.
async fn is_ready(future: &mut (impl Future<Output = ()> + Unpin)) -> bool {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}
