//! Stores late messages in an inbox.

use tower::Service;

use super::Storing;
use crate::callback::deadline::layer::Config;
use crate::callback::dedup::RunFailed;
use crate::callback::inbox::{Delivery, Held, Inbox, Outcome, Run};
use crate::callback::run::Work;
use crate::callback::{IntoReply, Message, Reply};
use crate::error::BoxError;
use crate::runtime::SharedRuntime;

/// The inbox of a deadline, if it has one.
#[derive(Clone, Default)]
pub(in crate::callback::deadline) struct Spill(Option<Inbox>);

/// The entry of a late message.
#[derive(Default)]
pub(in crate::callback::deadline) struct Spilled(Option<Held>);

impl Spill {
    pub(in crate::callback::deadline) fn new(inbox: Inbox) -> Self {
        Self(Some(inbox))
    }

    /// Starts to work through what an earlier process has left.
    pub(in crate::callback::deadline) fn start<H>(&self, handler: &H, config: &Config)
    where
        H: Service<Message> + Clone + Send + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        if let Some(inbox) = &self.0 {
            let delivery = |runtime| delivery(config, runtime);
            inbox.start(handler, config.runtime.as_ref(), delivery);
        }
    }

    /// Returns the handler's work, or a wait for a handler that is running for this message.
    pub(in crate::callback::deadline) fn begin(
        &self,
        message: &Message,
        runtime: Option<&SharedRuntime>,
        work: impl FnOnce() -> Work<Reply>,
    ) -> (Work<Reply>, Spilled) {
        let Some(inbox) = &self.0 else {
            return (work(), Spilled(None));
        };
        match inbox.join(message) {
            Some((held, work)) => (work, Spilled(Some(held))),
            None => (inbox.unless_known(message, runtime, work()), Spilled(None)),
        }
    }

    /// Whether `success` would not answer this push.
    pub(in crate::callback::deadline) fn runs_inline(&self, message: &Message) -> bool {
        self.0
            .as_ref()
            .is_some_and(|inbox| inbox.runs_inline(message))
    }

    /// Stores a late message.
    pub(in crate::callback::deadline) fn store(
        &self,
        spilled: &mut Spilled,
        message: &Message,
        runtime: SharedRuntime,
    ) -> Option<Storing> {
        let inbox = self.0.as_ref()?;
        let held = spilled.0.get_or_insert_with(|| inbox.hold(message)).clone();
        let message = message.clone();
        Some(Box::pin(
            async move { Ok(held.store(message, runtime).await?) },
        ))
    }
}

impl Spilled {
    /// Lets the platform's next push join the handler.
    pub(in crate::callback::deadline) fn allow_join(&self) {
        self.0.iter().for_each(Held::allow_join);
    }

    /// Removes the entry of a push that is answered in time, if it is stored by now.
    pub(in crate::callback::deadline) fn forget(
        self,
        runtime: Option<&SharedRuntime>,
        is_handled: bool,
    ) {
        if let Some(held) = self.0 {
            held.forget(runtime, is_handled);
        }
    }

    /// Runs the handler, and holds the entry meanwhile.
    pub(in crate::callback::deadline) async fn renewing<T>(
        &self,
        runtime: &SharedRuntime,
        work: impl Future<Output = T>,
    ) -> T {
        match &self.0 {
            Some(held) => held.renewing(runtime, work).await,
            None => work.await,
        }
    }

    /// Ends a run. Returns the outcome if the message has no entry.
    pub(in crate::callback::deadline) async fn end(
        self,
        outcome: Outcome,
        message: &Message,
        config: &Config,
        runtime: &SharedRuntime,
    ) -> Option<Outcome> {
        let Some(held) = self.0 else {
            return Some(outcome);
        };
        // A later push joined in place of this one, or the handler's own task ends the run.
        if outcome.as_ref().is_err_and(|error| error.is::<RunFailed>()) {
            return None;
        }
        let inbox = config.spill.0.as_ref()?;
        let outcome = inbox.hand_over(&held, outcome)?;
        let run = Run {
            held,
            message: message.clone(),
            attempt: 1,
            delivery: delivery(config, runtime.clone()),
        };
        run.end(outcome).await;
        None
    }
}

fn delivery(config: &Config, runtime: SharedRuntime) -> Delivery {
    Delivery {
        late: config.late(),
        max_life: config.max_life,
        runtime,
    }
}
