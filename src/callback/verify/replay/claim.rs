//! Claims on the run of a signature.

use std::time::Duration;

use super::memory::{AGE, Admission, Replays, RunId};
use crate::callback::verify::signature::Signature;

/// Holds the run of a signature. When the last holder is dropped without success, the signature is
/// released and can be used again.
pub(crate) struct Claim {
    replays: Replays,
    run: RunId,
    succeeded: bool,
}

/// How a message reached the handler. The message carries this value.
#[derive(Clone, Default)]
pub(crate) enum Delivery {
    /// The message was parsed by the application, not by a callback.
    #[default]
    Parsed,
    /// The first push with its signature. Identifies the signature's run without holding it.
    First { replays: Replays, run: RunId },
    /// A copy of a push whose handler is running or has succeeded. It must not start a run.
    Repeat { handled: bool },
    /// Taken from the inbox, for this try.
    #[cfg(feature = "inbox")]
    Stored { attempt: u32 },
}

impl Replays {
    /// Admits a push at a monotonic time. `unsigned` is the body if the signature does not cover
    /// it.
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

    /// Returns the last bits of the signature, if it does not cover the body.
    pub(crate) fn unsigned(&self) -> Option<u64> {
        match self {
            Self::First { run, .. } => run.unsigned(),
            _ => None,
        }
    }

    /// Returns how long the callback remembers the signature.
    pub(crate) fn age(&self) -> Duration {
        match self {
            Self::First { replays, .. } => replays.age(),
            _ => AGE,
        }
    }

    /// Adds a holder to the run if it has not ended, for work that outlives the response.
    pub(crate) fn hold(&self) -> Option<Claim> {
        self.hold_as(false)
    }

    /// Adds a holder that deduplicates messages. Copies of the push are then passed to the handler
    /// as repeats.
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
