//! The future of [`Deadline`](super::Deadline).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::ServiceExt;

use super::LateReply;
use super::handlers::Entered;
use super::layer::Config;
use crate::callback::failure::{Work, end_of, poll_work};
use crate::callback::{HandlerError, Message, Overloaded, Reply};
use crate::runtime::{BoxFuture, SharedRuntime};

/// The future of [`Deadline`](super::Deadline). When it is dropped while the handler works, the
/// handler goes on, and its reply is a late one.
///
/// The handler is polled in place until the deadline, so that one that is done at once costs
/// neither a task nor a timer.
pub struct DeadlineFuture {
    refused: Option<Overloaded>,
    working: Option<Working>,
    sleep: Option<BoxFuture<'static, ()>>,
}

/// A handler that works.
struct Working {
    work: Work<Reply>,
    message: Message,
    config: Arc<Config>,
    span: tracing::Span,
    entered: Entered,
}

impl DeadlineFuture {
    pub(super) fn refused(overloaded: Overloaded) -> Self {
        Self {
            refused: Some(overloaded),
            working: None,
            sleep: None,
        }
    }

    pub(super) fn new(
        work: Work<Reply>,
        message: Message,
        config: Arc<Config>,
        entered: Entered,
    ) -> Self {
        let working = Working {
            work,
            message,
            config,
            span: tracing::Span::current(),
            entered,
        };
        Self {
            refused: None,
            working: Some(working),
            sleep: None,
        }
    }
}

impl Future for DeadlineFuture {
    type Output = Result<Reply, HandlerError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            refused,
            working: slot,
            sleep,
        } = &mut *self;
        if let Some(overloaded) = refused {
            return Poll::Ready(Err(HandlerError::new((*overloaded).into())));
        }
        // A future is not polled again once it is ready.
        let Some(working) = slot else {
            return Poll::Pending;
        };
        if let Poll::Ready(result) = poll_work(working.work.as_mut(), cx) {
            *slot = None;
            return Poll::Ready(result.map_err(HandlerError::new));
        }
        if sleep.is_none() {
            let runtime = SharedRuntime::or_current(working.config.runtime.as_ref());
            *sleep = runtime.map(|runtime| runtime.sleep(working.config.after));
        }
        let late = sleep
            .as_mut()
            .is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready());
        if !late {
            return Poll::Pending;
        }
        if let Some(working) = slot.take() {
            working.go_on();
        }
        Poll::Ready(Ok(Reply::none()))
    }
}

impl Drop for DeadlineFuture {
    fn drop(&mut self) {
        if let Some(working) = self.working.take() {
            working.go_on();
        }
    }
}

impl Working {
    /// Goes on in a task of its own.
    fn go_on(self) {
        let Some(runtime) = SharedRuntime::or_current(self.config.runtime.as_ref()) else {
            return;
        };
        let span = self.span.clone();
        span.in_scope(|| runtime.spawn(self.end()));
    }

    async fn end(self) {
        let Self {
            work,
            message,
            config,
            entered,
            ..
        } = self;
        let appid = message.appid().clone();
        match end_of(work).await {
            Ok(reply) if reply.is_empty() => {}
            Ok(reply) => match config.late.clone() {
                Some(hook) => {
                    let sent = Box::pin(hook.oneshot(LateReply { message, reply }));
                    if let Err(error) = end_of(sent).await {
                        let error = &*error;
                        tracing::error!(%appid, error, "a late reply could not be sent");
                    }
                }
                None => tracing::warn!(
                    %appid,
                    "a reply came too late, and there is no hook for late replies: it is lost"
                ),
            },
            Err(error) => {
                let error = &*error;
                tracing::error!(%appid, error, "the handler failed after its push was answered");
            }
        }
        drop(entered);
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
