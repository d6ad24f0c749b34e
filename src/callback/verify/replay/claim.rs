//! Who sees to the run of a signature.

use std::time::Duration;

use super::memory::{Admission, Replays, RunId};
use crate::callback::verify::signature::Signature;

/// Holds the run of a signature. The signature is free again when the last holder is dropped
/// without success.
pub(crate) struct Claim {
    replays: Replays,
    run: RunId,
    succeeded: bool,
}

/// How a message reached the handler, as the message carries it along.
#[derive(Clone, Default)]
pub(crate) enum Delivery {
    /// Not by a callback.
    #[default]
    Parsed,
    /// For the first time: the run of its signature, which it does not hold.
    First { replays: Replays, run: RunId },
    /// As a copy of a push whose handler runs, or has succeeded: it must start no run.
    Repeat { handled: bool },
}

impl Replays {
    /// Admits a push at a monotonic time. Where the signature does not cover the body, `unsigned`
    /// is the body.
    pub(crate) fn admit(
        &self,
        signature: Signature,
        unsigned: Option<&[u8]>,
        now: Duration,
    ) -> Admission<Claim> {
        match self.begin(signature, unsigned, now) {
            Admission::New(run) => Admission::New(Claim::new(self.clone(), run)),
            Admission::Repeat { handled } => Admission::Repeat { handled },
            Admission::Running => Admission::Running,
            Admission::Handled => Admission::Handled,
            Admission::OtherBody => Admission::OtherBody,
        }
    }
}

impl Claim {
    fn new(replays: Replays, run: RunId) -> Self {
        Self {
            replays,
            run,
            succeeded: false,
        }
    }

    /// Uses the signature up.
    pub(crate) fn succeed(mut self) {
        self.succeeded = true;
        self.replays.succeed(self.run);
    }

    pub(crate) fn delivery(&self) -> Delivery {
        Delivery::First {
            replays: self.replays.clone(),
            run: self.run,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.succeeded {
            self.replays.release(self.run);
        }
    }
}

impl Delivery {
    pub(crate) fn is_repeat(&self) -> bool {
        matches!(self, Self::Repeat { .. })
    }

    /// One more holder of the run, if it has not ended: for work that outlives the response.
    pub(crate) fn hold(&self) -> Option<Claim> {
        self.hold_as(false)
    }

    /// The same for who knows the message again, so that copies of the push can be handed on.
    pub(crate) fn hold_deduplicated(&self) -> Option<Claim> {
        self.hold_as(true)
    }

    fn hold_as(&self, deduplicates: bool) -> Option<Claim> {
        let Self::First { replays, run } = self else {
            return None;
        };
        let held = replays.hold(*run, deduplicates);
        held.then(|| Claim::new(replays.clone(), *run))
    }
}
