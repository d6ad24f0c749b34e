//! In plaintext mode, what keeps a signature from being used for another body.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::callback::fingerprint::Fingerprints;
use crate::callback::recent::Recent;
use crate::callback::signature::Signature;

/// How long a signature is remembered when its timestamp is not looked at.
const AGE: Duration = Duration::from_secs(1200);

const SECOND: Duration = Duration::from_secs(1);

/// How many of them are remembered: some 80 pushes a second at the default age.
const CAPACITY: usize = 100_000;

/// The bodies that signatures of clear pushes came with.
///
/// A signature stands for its timestamp and nonce: it is the same for every other way to cut the
/// signed text into the two. Only what knows the token can add to it.
#[derive(Clone)]
pub(crate) struct Replays(Arc<Shared>);

struct Shared {
    fingerprints: Fingerprints,
    bodies: Mutex<Recent>,
}

impl Replays {
    /// For timestamps that are at most `window` from now, either way.
    pub(crate) fn new(window: Option<Duration>) -> Self {
        // One from the future is taken until it is as far in the past, by a clock of whole seconds.
        let life = |window: Duration| window.saturating_mul(2).saturating_add(SECOND);
        let age = window.map_or(AGE, life);
        Self(Arc::new(Shared {
            fingerprints: Fingerprints::default(),
            bodies: Mutex::new(Recent::new(age, CAPACITY)),
        }))
    }

    /// Whether no other body came with this signature.
    pub(crate) fn admit(&self, signature: Signature, body: &str, now: SystemTime) -> bool {
        let Shared {
            fingerprints,
            bodies,
        } = &*self.0;
        // A signature that was verified is as good as random.
        let key = signature.low_bits();
        let mut bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let first = bodies.get(key, now);
        // Not before: a processor can do it while it waits for the memory that was asked for.
        let body = fingerprints.of(body);
        if first.is_none() {
            bodies.insert(key, body, now);
        }
        first.is_none_or(|first| first == body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::signature::sign;

    #[test]
    fn a_signature_is_remembered_for_as_long_as_its_timestamp_is_taken() {
        let window = Duration::from_secs(600);
        let replays = Replays::new(Some(window));
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let signature = sign(["token", "600", "nonce"]);
        // Ten minutes ahead of the clock, which is taken; and in the last moment before the clock's
        // second is ten minutes behind.
        assert!(replays.admit(signature, "body", at(0)));
        assert!(replays.admit(sign(["token", "600", "other"]), "body", at(600_000)));
        assert!(!replays.admit(signature, "another", at(1_200_999)));
        assert!(replays.admit(signature, "body", at(1_200_999)));
    }
}
