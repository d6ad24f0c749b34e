//! The exchange with one target: limited, with a timeout, and with a validated answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use crate::callback::deadline::HandlerTracker;
use crate::callback::forward::metrics::count;
use crate::callback::forward::seen::Seen;
use crate::callback::forward::{Failure, ForwardError, Target, Wire, answer, nonce};
use crate::callback::push::{Sender, Stamp};
use crate::callback::{Format, Message, Reply};

/// The pause before a refused connection is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// The counters of a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Pushes with a valid answer.
    pub answered: u64,
    /// Pushes that failed, or whose answer was invalid.
    pub failed: u64,
    /// Pushes that were not sent, because the concurrency limit was reached.
    pub refused: u64,
}

/// A target with its state.
pub(super) struct Upstream {
    target: Target,
    permits: Arc<Semaphore>,
    seen: Seen,
    answered: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
}

impl Upstream {
    pub(super) fn new(target: Target) -> Self {
        let (_, concurrency) = target.limits();
        Self {
            target,
            permits: Arc::new(Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS))),
            seen: Seen::default(),
            answered: AtomicU64::default(),
            failed: AtomicU64::default(),
            refused: AtomicU64::default(),
        }
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            answered: self.answered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// Forwards a push and waits for the reply.
    pub(super) async fn exchange(
        &self,
        wire: &Wire,
        message: &Message,
    ) -> Result<Reply, ForwardError> {
        let _permit = self.admit(message)?;
        self.timed(wire, message).await
    }

    /// Forwards a copy in a spawned task and discards the answer.
    pub(super) fn copy(self: &Arc<Self>, wire: &Wire, message: &Message) {
        let permit = match self.admit(message) {
            Ok(permit) => permit,
            Err(error) => return tracing::warn!(%error, "could not send a copy to a shadow"),
        };
        let (upstream, message, to) = (Arc::clone(self), message.clone(), wire.clone());
        let entered = wire.handlers.as_ref().map(HandlerTracker::enter_unlimited);
        wire.runtime.spawn(async move {
            let (_permit, _entered) = (permit, entered);
            if let Err(error) = upstream.timed(&to, &message).await {
                tracing::warn!(%error, "a shadow failed");
            }
        });
    }

    fn admit(&self, message: &Message) -> Result<OwnedSemaphorePermit, ForwardError> {
        Arc::clone(&self.permits).try_acquire_owned().map_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            count(message.appid(), self.target.name(), Err(Failure::Busy));
            self.failure(Failure::Busy)
        })
    }

    async fn timed(&self, wire: &Wire, message: &Message) -> Result<Reply, ForwardError> {
        let (timeout, _) = self.target.limits();
        let sent = wire.runtime.timeout(timeout, self.send(wire, message));
        let result = sent
            .await
            .unwrap_or_else(|| Err(self.failure(Failure::Timeout)));
        let outcome = match &result {
            Ok(_) => Ok(()),
            Err(error) => Err(error.failure()),
        };
        let counter = match outcome {
            Ok(()) => &self.answered,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        count(message.appid(), self.target.name(), outcome);
        result
    }

    async fn send(&self, wire: &Wire, message: &Message) -> Result<Reply, ForwardError> {
        let outgoing = self.target.keys().outgoing(message.appid());
        let nonce = nonce::new(outgoing.token.expose());
        let stamp = Stamp::new(wire.clock.unix(), nonce, rand::random());
        let request = self
            .request(&outgoing, &stamp, message)
            .ok_or_else(|| self.failure(Failure::Request))?;
        let mut sent = wire.transport.clone().oneshot(request.clone()).await;
        // Only a failed connection is retried: the target has not received the push.
        let refused = |error| ForwardError::transport(self.target.shared_name(), error);
        if let Err(error) = sent {
            let error = refused(error);
            if error.failure() != Failure::Connect {
                return Err(error);
            }
            wire.runtime.sleep(PAUSE).await;
            sent = wire.transport.clone().oneshot(request).await;
        }
        let response = sent.map_err(refused)?;
        if response.status() != StatusCode::OK {
            let status = response.status().as_u16();
            return Err(self.failure(Failure::Status(status)));
        }
        let (seen, now) = (&self.seen, wire.clock.moment());
        answer::read(&outgoing, message, &stamp, seen, response.body(), now)
            .map_err(|why| self.failure(Failure::Answer(why)))
    }

    fn request(
        &self,
        outgoing: &Sender<'_>,
        stamp: &Stamp,
        message: &Message,
    ) -> Option<Request<Bytes>> {
        // The openid in the query is not signed. The document contains the same openid.
        let (to, openid) = (message.to_user_name(), message.from_user_name());
        let (query, body) = outgoing.push(stamp, message.raw_bytes(), to, openid);
        let content_type = HeaderValue::from_static(match message.format() {
            Format::Xml => "text/xml",
            Format::Json => "application/json",
        });
        Request::post(format!("{}?{query}", self.target.url()))
            .header(header::CONTENT_TYPE, content_type)
            .extension(answer::ANSWER_MAX)
            .body(body.into())
            .ok()
    }

    fn failure(&self, failure: Failure) -> ForwardError {
        ForwardError::new(self.target.shared_name(), failure)
    }
}
