//! The service of [`DedupLayer`](super::DedupLayer).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;
use tower::Service;

use super::error::RunFailed;
use super::memory::{Claim, Shared, Verdict};
use crate::accessors::inner_service_accessors;
use crate::callback::run::{Answer, Work, poll_work};
use crate::callback::{HandlerError, IntoReply, Message, Overloaded, Reply};
use crate::error::{BoxError, chain};
use crate::runtime::SharedRuntime;

/// A service that deduplicates retried pushes; made by [`DedupLayer`](super::DedupLayer). Clones
/// share their memory.
#[derive(Clone)]
pub struct Dedup<H> {
    pub(super) inner: H,
    pub(super) shared: Arc<Shared>,
}

impl<H> Dedup<H> {
    inner_service_accessors!(inner: H);

    /// Returns the number of running pushes, including those whose connection is closed.
    pub fn running(&self) -> usize {
        self.shared.memory.counts().0
    }

    /// Returns the number of finished pushes that are remembered, at most the
    /// [capacity](super::DedupLayer::capacity).
    pub fn remembered(&self) -> usize {
        self.shared.memory.counts().1
    }
}

impl<H> Service<Message> for Dedup<H>
where
    H: Service<Message> + Clone + Send + 'static,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    type Response = Reply;
    type Error = HandlerError;
    type Future = DedupFuture;

    /// Always ready: the handler's readiness is awaited only when a push runs.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, message: Message) -> DedupFuture {
        let state = match self.shared.meet(&message) {
            Verdict::Run(claim) => State::Run(Some(self.run(claim, message))),
            Verdict::Join(reply) => {
                self.shared.recognized(&message);
                State::Join(reply)
            }
            Verdict::Finished(reply) => {
                self.shared.recognized(&message);
                State::Done(Some(Ok(reply)))
            }
            Verdict::Full => State::Done(Some(Err(Overloaded::new().into()))),
        };
        DedupFuture { state }
    }
}

impl<H> Dedup<H>
where
    H: Service<Message> + Clone + Send + 'static,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
    H::Future: Send,
{
    fn run(&self, claim: Claim, message: Message) -> Run {
        let shared = self.shared.of_store(&message);
        let work: Work<Reply> = Box::pin(Answer::new(self.inner.clone(), message));
        let work = match shared {
            None => work,
            Some((shared, life)) => Box::pin(shared.run(work, move |reply| life.of(reply))),
        };
        Run {
            work,
            claim: Some(claim),
            span: tracing::Span::current(),
        }
    }
}

impl<H> fmt::Debug for Dedup<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (running, remembered) = self.shared.memory.counts();
        f.debug_struct("Dedup")
            .field("running", &running)
            .field("remembered", &remembered)
            .finish_non_exhaustive()
    }
}

/// The single run of a push.
struct Run {
    work: Work<Reply>,
    claim: Option<Claim>,
    span: tracing::Span,
}

impl Future for Run {
    type Output = Result<Reply, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Poll::Ready(result) = poll_work(self.work.as_mut(), cx) else {
            self.claim.iter_mut().for_each(Claim::wait);
            return Poll::Pending;
        };
        // Dropping an unfinished claim reports the failure to the pushes that joined.
        let claim = self.claim.take();
        if let (Ok(reply), Some(claim)) = (&result, claim) {
            claim.finish(reply);
        }
        Poll::Ready(result)
    }
}

/// The future of [`Dedup`]. If it is dropped while the handler runs, the handler continues.
///
/// The handler is polled in place, so a task is spawned only when the sender disconnects.
pub struct DedupFuture {
    state: State,
}

enum State {
    Run(Option<Run>),
    Join(oneshot::Receiver<Reply>),
    Done(Option<Result<Reply, BoxError>>),
}

impl Future for DedupFuture {
    type Output = Result<Reply, HandlerError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &mut self.state {
            State::Run(slot) => {
                let Some(run) = slot else {
                    panic!("`DedupFuture` polled after completion");
                };
                let result = ready!(Pin::new(run).poll(cx));
                *slot = None;
                result
            }
            State::Join(reply) => ready!(Pin::new(reply).poll(cx)).map_err(|_| RunFailed.into()),
            State::Done(slot) => match slot.take() {
                Some(result) => result,
                None => panic!("`DedupFuture` polled after completion"),
            },
        };
        Poll::Ready(result.map_err(HandlerError::new))
    }
}

impl Drop for DedupFuture {
    fn drop(&mut self) {
        let State::Run(slot) = &mut self.state else {
            return;
        };
        let Some(run) = slot.take() else { return };
        let shared = run.claim.as_ref().map(|claim| Arc::clone(&claim.shared));
        let runtime = shared.as_ref().and_then(|shared| shared.runtime.as_ref());
        // Without a runtime the run is dropped here. Its claim then reports the failure.
        let Some(runtime) = SharedRuntime::or_current(runtime) else {
            return;
        };
        let span = run.span.clone();
        span.in_scope(|| {
            runtime.spawn(async move {
                if let Err(error) = run.await {
                    tracing::error!(
                        error = chain(&*error),
                        "the handler failed after the connection of its push was closed"
                    );
                }
            });
        });
    }
}

impl fmt::Debug for DedupFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Run(_) => "DedupFuture(run)",
            State::Join(_) => "DedupFuture(join)",
            State::Done(_) => "DedupFuture(done)",
        })
    }
}
