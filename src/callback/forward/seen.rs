//! Which encrypted answers of a target are new.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::callback::forward::nonce;
use crate::callback::memory::ttl_ring::TtlRing;
use crate::callback::push::Envelope;
use crate::callback::verify::readings;
use crate::callback::verify::readings::Dated;
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

/// Whether a time is finer than in seconds: in milliseconds, as weixin-popular writes them, or in the
/// ticks of .NET, which Senparc writes. A shorter one could be a piece of a timestamp whose rest is
/// read as the front of the nonce.
fn is_finer(time: &str) -> bool {
    (13..=20).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit())
}

/// The encrypted answers of a target that were taken lately.
pub(super) struct Seen(Mutex<TtlRing>);

impl Default for Seen {
    fn default() -> Self {
        Self(Mutex::new(TtlRing::new(AGE, CAPACITY)))
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
        let unix = unix(now.wall);
        let is_fresh = |time: u64| unix.abs_diff(time) <= WINDOW.as_secs();
        let timestamp = match (readings::timestamp(&envelope.timestamp), created) {
            (Some(timestamp), _) if is_fresh(timestamp) => timestamp,
            // The document itself tells, which is sealed.
            (None, Some(created)) if is_finer(&envelope.timestamp) && is_fresh(created) => created,
            (None, _) if !is_finer(&envelope.timestamp) => {
                return Err("its TimeStamp is not in seconds since 1970");
            }
            _ => return Err("its TimeStamp is more than ten minutes from this machine's clock"),
        };
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
            ambiguity: readings::AMBIGUITY,
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
