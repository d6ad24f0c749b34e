//! Which encrypted answers of a target are new.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::callback::forward::nonce;
use crate::callback::outgoing::Envelope;
use crate::callback::reading::{self, Dated};
use crate::callback::recent::Recent;
use crate::clock::{Moment, unix};

/// How far an answer's time may be from this machine's clock, either way.
const WINDOW: Duration = Duration::from_secs(600);

/// How long an answer is remembered: one from the future is fresh for twice the window.
const AGE: Duration = Duration::from_secs(2 * WINDOW.as_secs() + 1);

/// How many answers are remembered.
const CAPACITY: usize = 100_000;

/// The longest nonce that is taken, in bytes. Targets draw up to 32; a longer one could hold a part
/// of the ciphertext, which is signed next to it.
const NONCE_MAX: usize = 63;

/// The encrypted answers of a target that were taken lately.
pub(super) struct Seen(Mutex<Recent>);

impl Default for Seen {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(AGE, CAPACITY)))
    }
}

impl Seen {
    /// Takes an answer to the push with the nonce `sent` once, and says what is wrong with any
    /// other. The document was made at `created`, as it says itself.
    pub(super) fn admit(
        &self,
        token: &str,
        envelope: &Envelope,
        sent: &str,
        created: Option<u64>,
        now: Moment,
    ) -> Result<(), &'static str> {
        let timestamp = reading::timestamp(&envelope.timestamp)
            .ok_or("its TimeStamp is not in seconds since 1970")?;
        let unix = unix(now.wall);
        if unix.abs_diff(timestamp) > WINDOW.as_secs() {
            return Err("its TimeStamp is more than ten minutes from this machine's clock");
        }
        if envelope.nonce.len() > NONCE_MAX {
            return Err("its Nonce is longer than 63 bytes");
        }
        // A target may repeat the push's nonce or draw one of its own.
        if envelope.nonce != sent && nonce::is_ours(token, &envelope.nonce) {
            return Err("its Nonce is that of another push");
        }
        let signed = [token, &envelope.timestamp, &envelope.nonce];
        let dated = Dated {
            timestamp,
            created,
            now: unix,
            window: WINDOW,
            ambiguity: reading::AMBIGUITY,
        };
        if dated.check(signed, [token]).is_err() {
            return Err("it may be an earlier one: its TimeStamp and Nonce can be exchanged");
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = envelope.signature.low_bits();
        if seen.get(key, now.monotonic).is_some() {
            return Err("it came before");
        }
        seen.insert(key, 0, now.monotonic);
        Ok(())
    }
}
