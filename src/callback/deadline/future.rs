//! The future of [`Deadline`](super::Deadline).

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::ServiceExt;

use super::LateReply;
use super::handlers::Entered;
use super::layer::Config;
use crate::callback::failure::{Outlived, Work, poll_work};
use crate::callback::replay::Claim;
use crate::callback::{HandlerError, Message, Overloaded, Reply};
use crate::error::{BoxError, chain};
use crate::panic::{Panicked, contain};
use crate::runtime::{BoxFuture, SharedRuntime};

/// The future of [`Deadline`](super::Deadline). When it is dropped while the handler runs, the
/// handler goes on, and its reply is a late one.
///
/// The handler is polled in place until the deadline, so that one that is done at once costs
/// neither a task nor a timer.
pub struct DeadlineFuture {
    refused: Option<Overloaded>,
    working: Option<Working>,
    sleep: Option<Sleep>,
}

type Sleep = BoxFuture<'static, ()>;

/// A handler that runs.
struct Working {
    work: Work<Reply>,
    /// The time that it has, since it was pending for the first time.
    life: Option<Sleep>,
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
            life: None,
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
        let runtime = match &working.life {
            Some(_) => None,
            None => SharedRuntime::or_current(working.config.runtime.as_ref()),
        };
        if let Poll::Ready(result) = working.poll(runtime.as_ref(), cx) {
            *slot = None;
            return Poll::Ready(result.map_err(HandlerError::new));
        }
        if sleep.is_none() {
            *sleep = runtime.map(|runtime| runtime.sleep(working.config.after));
        }
        let late = sleep
            .as_mut()
            .is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready());
        if !late {
            return Poll::Pending;
        }
        let Some(working) = slot.take() else {
            return Poll::Pending;
        };
        let reply = working.placeholder();
        working.go_on();
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

impl Working {
    /// Polls the handler, and ends it when it has outlived its time.
    fn poll(
        &mut self,
        runtime: Option<&SharedRuntime>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Reply, BoxError>> {
        let polled = poll_work(self.work.as_mut(), cx);
        if polled.is_ready() {
            return polled;
        }
        if self.life.is_none() {
            self.life = runtime.map(|runtime| runtime.sleep(self.config.max_life));
        }
        match &mut self.life {
            Some(life) => life.as_mut().poll(cx).map(|()| Err(self.outlived())),
            None => Poll::Pending,
        }
    }

    fn outlived(&self) -> BoxError {
        let appid = self.message.appid();
        self.config.handlers.drop_one(appid);
        let max_life = self.config.max_life;
        tracing::error!(%appid, ?max_life, "a handler ran for too long, and was dropped");
        Outlived.into()
    }

    /// What the user is told for now.
    fn placeholder(&self) -> Reply {
        let Some(placeholder) = &self.config.placeholder else {
            return Reply::none();
        };
        if self.message.msg_type() == "event" && !self.message.is_event("CLICK") {
            return Reply::none();
        }
        contain(|| placeholder(&self.message)).unwrap_or_else(|Panicked| {
            let appid = self.message.appid();
            tracing::error!(%appid, "the placeholder for late replies panicked");
            Reply::none()
        })
    }

    /// Goes on in a task of its own.
    fn go_on(self) {
        let Some(runtime) = SharedRuntime::or_current(self.config.runtime.as_ref()) else {
            return;
        };
        // Before the response is gone, which holds the signature until then.
        let signature = self.message.delivery().hold();
        let span = self.span.clone();
        span.in_scope(|| runtime.clone().spawn(self.end(runtime, signature)));
    }

    async fn end(mut self, runtime: SharedRuntime, signature: Option<Claim>) {
        let result = poll_fn(|cx| self.poll(Some(&runtime), cx)).await;
        let Self {
            work,
            message,
            config,
            entered,
            ..
        } = self;
        drop(work);
        if let (Ok(_), Some(signature)) = (&result, signature) {
            signature.succeed();
        }
        match result {
            Ok(reply) if reply.is_empty() => {}
            Ok(reply) => late(&runtime, &config, message, reply).await,
            Err(error) if error.is::<Outlived>() => {}
            Err(error) => {
                let (appid, error) = (message.appid(), chain(&*error));
                tracing::error!(%appid, error, "the handler failed after its push was answered");
            }
        }
        drop(entered);
    }
}

/// Hands a late reply to the hook.
async fn late(runtime: &SharedRuntime, config: &Config, message: Message, reply: Reply) {
    let appid = message.appid().clone();
    let Some(hook) = config.late.clone() else {
        return tracing::warn!(
            %appid,
            "a reply came too late, and there is no hook for late replies: it is lost"
        );
    };
    let mut sent: Work<()> = Box::pin(hook.oneshot(LateReply { message, reply }));
    let sent = poll_fn(|cx| poll_work(sent.as_mut(), cx));
    let sent = runtime.timeout(config.max_life, sent).await;
    if let Err(error) = sent.unwrap_or_else(|| Err(Outlived.into())) {
        let error = chain(&*error);
        tracing::error!(%appid, error, "a late reply could not be sent");
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
