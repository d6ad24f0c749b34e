//! The future of [`Deadline`](super::Deadline).

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::spill::Storing;
use super::working::Working;
use crate::callback::{HandlerError, Overloaded, Reply};
use crate::runtime::BoxFuture;

/// The future of [`Deadline`](super::Deadline). If it is dropped while the handler runs, the
/// handler continues, and its reply is late.
///
/// The handler is polled in place until the deadline. A handler that completes at once needs
/// neither a task nor a timer.
pub struct DeadlineFuture {
    refused: Option<Overloaded>,
    working: Option<Working>,
    phase: Phase,
}

/// What is awaited beside the handler.
enum Phase {
    /// Nothing: the handler was not pending yet, or has no deadline.
    Untimed,
    Waiting(BoxFuture<'static, ()>),
    /// The deadline has passed. The message is stored before it is acknowledged.
    Storing(Storing),
}

impl DeadlineFuture {
    pub(super) fn refused(overloaded: Overloaded) -> Self {
        Self {
            refused: Some(overloaded),
            working: None,
            phase: Phase::Untimed,
        }
    }

    pub(super) fn new(working: Working) -> Self {
        Self {
            refused: None,
            working: Some(working),
            phase: Phase::Untimed,
        }
    }
}

impl Future for DeadlineFuture {
    type Output = Result<Reply, HandlerError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            refused,
            working: slot,
            phase,
        } = &mut *self;
        if let Some(overloaded) = refused.take() {
            return Poll::Ready(Err(HandlerError::new(overloaded.into())));
        }
        let Some(working) = slot else {
            panic!("`DeadlineFuture` polled after completion");
        };
        // Before the timer, so that a handler that completes at the deadline is not late.
        if let Poll::Ready(result) = working.poll(cx) {
            let answer = match result {
                Ok(reply) => Ok(working.answer(reply)),
                Err(error) => Err(working.fail(error)),
            };
            // Dropped in place: a move would copy it.
            *slot = None;
            return Poll::Ready(answer);
        }
        if matches!(phase, Phase::Untimed)
            && let Some(deadline) = working.deadline()
        {
            *phase = Phase::Waiting(deadline);
        }
        loop {
            match phase {
                Phase::Untimed => return Poll::Pending,
                Phase::Waiting(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    match working.store() {
                        Some(storing) => *phase = Phase::Storing(storing),
                        None => break,
                    }
                }
                Phase::Storing(storing) => match ready!(storing.as_mut().poll(cx)) {
                    Ok(()) => break,
                    Err(error) => {
                        working.allow_join();
                        if let Some(working) = slot.take() {
                            working.go_on();
                        }
                        return Poll::Ready(Err(HandlerError::new(error)));
                    }
                },
            }
        }
        // Before `go_on`, which gives a part back that is not shown.
        let reply = working.shown().unwrap_or_else(|| working.placeholder());
        if let Some(working) = slot.take() {
            working.go_on();
        }
        Poll::Ready(Ok(reply))
    }
}

impl Drop for DeadlineFuture {
    fn drop(&mut self) {
        if let Some(working) = self.working.take() {
            working.go_on();
        }
    }
}

impl fmt::Debug for DeadlineFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.refused {
            Some(_) => "DeadlineFuture(refused)",
            None => "DeadlineFuture(working)",
        })
    }
}
