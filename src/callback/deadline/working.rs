//! A running handler, and the delivery of its reply.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tower::ServiceExt;

use super::LateReply;
use super::handlers::Entered;
use super::layer::Config;
use super::spill::{Spilled, Storing};
use crate::callback::deadline::pick_up::{Lease, PickUp, answers_one_push};
use crate::callback::error::Outlived;
use crate::callback::run::{Work, poll_work};
use crate::callback::verify::replay::Claim;
use crate::callback::{HandlerError, Message, Reply};
use crate::error::{BoxError, chain};
use crate::panic::{Panicked, contain};
use crate::runtime::{BoxFuture, SharedRuntime};

type Taking = BoxFuture<'static, Option<Lease>>;

/// A handler that runs or is about to run.
pub(super) struct Working {
    /// Takes a part of an earlier reply, before the handler is polled.
    taking: Option<Taking>,
    /// The part that answers the push instead of the handler's reply.
    // Boxed to keep this small: usually nothing is taken.
    taken: Option<Box<Lease>>,
    work: Work<Reply>,
    /// The `max_life` timer. Starts when the handler is first pending.
    life: Option<BoxFuture<'static, ()>>,
    message: Message,
    config: Arc<Config>,
    span: tracing::Span,
    /// Moves to the late-reply hook if a part answers the push.
    entered: Option<Entered>,
    /// The message's entry in the inbox, once it is late.
    spilled: Spilled,
}

impl Working {
    pub(super) fn new(
        work: Work<Reply>,
        message: Message,
        config: Arc<Config>,
        entered: Entered,
        spilled: Spilled,
    ) -> Self {
        let pick_up = config.pick_up.as_ref();
        let pick_up = pick_up.filter(|pick_up| pick_up.is_for(&message));
        let taking = pick_up.map(|pick_up| -> Taking {
            Box::pin(
                pick_up
                    .clone()
                    .take(message.clone(), config.runtime.clone()),
            )
        });
        Self {
            taking,
            taken: None,
            work,
            life: None,
            message,
            config,
            span: tracing::Span::current(),
            entered: Some(entered),
            spilled,
        }
    }

    /// Polls the handler. Returns an error once it has exceeded `max_life`.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Reply, BoxError>> {
        if let Some(taking) = &mut self.taking {
            // Limited by the store's timeout: `max_life` starts with the handler.
            self.taken = ready!(taking.as_mut().poll(cx)).map(Box::new);
            self.taking = None;
            if self.taken.is_some() && !self.handles_too() {
                return Poll::Ready(Ok(Reply::none()));
            }
        }
        let polled = poll_work(self.work.as_mut(), cx);
        if polled.is_ready() {
            return polled;
        }
        if self.life.is_none() {
            self.life = self.sleep(self.config.max_life);
        }
        match &mut self.life {
            Some(life) => life.as_mut().poll(cx).map(|()| Err(self.outlived())),
            None => Poll::Pending,
        }
    }

    /// Starts the timer of the deadline, which cannot answer for the handler if `success` is not the
    /// answer to the push.
    pub(super) fn deadline(&self) -> Option<BoxFuture<'static, ()>> {
        if self.config.spill.runs_inline(&self.message) {
            return None;
        }
        self.sleep(self.config.after)
    }

    fn sleep(&self, duration: Duration) -> Option<BoxFuture<'static, ()>> {
        Some(self.runtime()?.sleep(duration))
    }

    fn runtime(&self) -> Option<SharedRuntime> {
        SharedRuntime::or_current(self.config.runtime.as_ref())
    }

    fn outlived(&self) -> BoxError {
        let appid = self.message.appid();
        self.config.handlers.drop_one(appid);
        let max_life = self.config.max_life;
        tracing::error!(%appid, ?max_life, "dropped a handler that exceeded max_life");
        Outlived.into()
    }

    fn handles_too(&self) -> bool {
        let pick_up = self.config.pick_up.as_ref();
        pick_up.is_some_and(PickUp::handles_too)
    }

    /// Stores the message, if there is an inbox. Its push may then be acknowledged.
    pub(super) fn store(&mut self) -> Option<Storing> {
        let Self {
            config, message, ..
        } = self;
        let runtime = SharedRuntime::or_current(config.runtime.as_ref())?;
        config.spill.store(&mut self.spilled, message, runtime)
    }

    /// Lets the platform's next push join the handler, since the message could not be stored.
    pub(super) fn allow_join(&self) {
        self.spilled.allow_join();
    }

    /// Returns the error of a handler that failed in time.
    pub(super) fn fail(&mut self, error: BoxError) -> HandlerError {
        let spilled = std::mem::take(&mut self.spilled);
        spilled.forget(self.config.runtime.as_ref(), false);
        HandlerError::new(error)
    }

    /// Returns the part that was taken, as the user sees it.
    pub(super) fn shown(&mut self) -> Option<Reply> {
        self.taken.take().map(|taken| taken.show(0))
    }

    /// Returns the answer for a handler that completed with `reply`. If a part was taken, the part
    /// is the answer and `reply` is late.
    pub(super) fn answer(&mut self, reply: Reply) -> Reply {
        let spilled = std::mem::take(&mut self.spilled);
        spilled.forget(self.config.runtime.as_ref(), true);
        let Some(taken) = self.taken.take() else {
            return reply;
        };
        if answers_one_push(&reply) {
            return reply;
        }
        // If a hook is set, the reply may not be added to the parts that wait.
        let more = match &self.config.late {
            None => taken.parts_of(&reply),
            Some(_) => 0,
        };
        let shown = taken.show(more);
        if !reply.is_empty()
            && let Some(runtime) = self.runtime()
        {
            let (message, config) = (self.message.clone(), Arc::clone(&self.config));
            let entered = self.entered.take();
            runtime.clone().spawn(async move {
                late(&runtime, &config, message, reply).await;
                drop(entered);
            });
        }
        shown
    }

    /// Returns the reply for a late handler.
    pub(super) fn placeholder(&self) -> Reply {
        let Some(placeholder) = &self.config.placeholder else {
            return Reply::none();
        };
        if !self.message.is_written() {
            return Reply::none();
        }
        contain(|| placeholder(&self.message)).unwrap_or_else(|Panicked| {
            let appid = self.message.appid();
            tracing::error!(%appid, "the placeholder for late replies panicked");
            Reply::none()
        })
    }

    /// Spawns the rest of the handler as a task. The push is answered or its connection is closed,
    /// so a part that was taken is given back.
    pub(super) fn go_on(mut self) {
        self.taking = None;
        self.taken = None;
        let Some(runtime) = self.runtime() else {
            return;
        };
        // Must hold the signature before the response is dropped, which holds it until then.
        let signature = self.message.delivery().hold();
        let span = self.span.clone();
        span.in_scope(|| runtime.clone().spawn(self.end(runtime, signature)));
    }

    async fn end(mut self, runtime: SharedRuntime, signature: Option<Claim>) {
        let spilled = std::mem::take(&mut self.spilled);
        let handler = poll_fn(|cx| self.poll(cx));
        let result = spilled.renewing(&runtime, handler).await;
        let Self {
            work,
            message,
            config,
            entered,
            ..
        } = self;
        // The handler's resources need not be held while the hook runs.
        drop(work);
        // Before the hook: the push was handled, even if its reply cannot be delivered.
        if let (Ok(_), Some(signature)) = (&result, signature) {
            signature.succeed();
        }
        let Some(result) = spilled.end(result, &message, &config, &runtime).await else {
            return drop(entered);
        };
        match result {
            Ok(reply) if reply.is_empty() => {}
            Ok(reply) => late(&runtime, &config, message, reply).await,
            // Logged when it was dropped.
            Err(error) if error.is::<Outlived>() => {}
            Err(error) => {
                let (appid, error) = (message.appid(), chain(&*error));
                tracing::error!(%appid, error, "the handler failed after its push was answered");
            }
        }
        // Counted until here, so that shutdown waits for the hook, too.
        drop(entered);
    }
}

/// Passes a late reply to the hook.
async fn late(runtime: &SharedRuntime, config: &Config, message: Message, reply: Reply) {
    let appid = message.appid().clone();
    let Some(hook) = config.late() else {
        return tracing::warn!(
            %appid,
            "lost a late reply: no late-reply hook is set"
        );
    };
    let mut sent: Work<()> = Box::pin(hook.oneshot(LateReply { message, reply }));
    let sent = poll_fn(|cx| poll_work(sent.as_mut(), cx));
    let sent = runtime.timeout(config.max_life, sent).await;
    if let Err(error) = sent.unwrap_or_else(|| Err(Outlived.into())) {
        let error = chain(&*error);
        tracing::error!(%appid, error, "could not send a late reply");
    }
}
