//! Who sees to the run of a signature.

use super::Replays;

/// Holds the run of a signature. The signature is free again when the last holder is dropped
/// without success.
pub(crate) struct Claim {
    replays: Replays,
    key: u64,
    number: u32,
    succeeded: bool,
}

/// How a message reached the handler, as the message carries it along.
#[derive(Clone, Default)]
pub(crate) enum Delivery {
    /// Not by a callback.
    #[default]
    Parsed,
    /// For the first time: the run of its signature, which it does not hold.
    First {
        replays: Replays,
        key: u64,
        number: u32,
    },
    /// As a copy of a push whose handler runs or succeeded: it must start no run.
    Repeat,
}

impl Claim {
    pub(super) fn new(replays: Replays, key: u64, number: u32) -> Self {
        Self {
            replays,
            key,
            number,
            succeeded: false,
        }
    }

    /// Uses the signature up.
    pub(crate) fn succeed(mut self) {
        self.succeeded = true;
        self.replays.succeed(self.key, self.number);
    }

    pub(crate) fn delivery(&self) -> Delivery {
        Delivery::First {
            replays: self.replays.clone(),
            key: self.key,
            number: self.number,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.succeeded {
            self.replays.release(self.key, self.number);
        }
    }
}

impl Delivery {
    pub(crate) fn is_repeat(&self) -> bool {
        matches!(self, Self::Repeat)
    }

    /// Says that copies of the push can be handed on: whoever calls it knows the message again.
    pub(crate) fn deduplicate(&self) {
        if let Self::First {
            replays,
            key,
            number,
        } = self
        {
            replays.deduplicate(*key, *number);
        }
    }

    /// One more holder of the run, if it has not ended: for work that outlives the response.
    pub(crate) fn hold(&self) -> Option<Claim> {
        let Self::First {
            replays,
            key,
            number,
        } = self
        else {
            return None;
        };
        let held = replays.hold(*key, *number);
        held.then(|| Claim::new(replays.clone(), *key, *number))
    }
}
