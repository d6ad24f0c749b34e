//! Detects replays of a target's encrypted answers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::callback::forward::nonce;
use crate::callback::memory::ttl_ring::TtlRing;
use crate::callback::push::Envelope;
use crate::callback::verify::readings;
use crate::callback::verify::readings::Dated;
use crate::clock::{Moment, unix};

/// The maximum difference between an answer's time and the local clock, in either direction.
const WINDOW: Duration = Duration::from_secs(600);

/// How long an answer is remembered. An answer dated in the future is fresh for twice the window.
const AGE: Duration = Duration::from_secs(2 * WINDOW.as_secs() + 1);

/// How many answers are remembered.
const CAPACITY: usize = 100_000;

/// The maximum length of a nonce, in bytes. Known implementations generate up to 32. A longer nonce
/// could contain a part of the ciphertext, which is signed next to it.
const NONCE_MAX: usize = 63;

/// Whether a time is finer than seconds: milliseconds, as written by weixin-popular, or .NET ticks,
/// as written by Senparc. A shorter number could be a piece of a timestamp whose rest is read as
/// the start of the nonce.
fn is_finer(time: &str) -> bool {
    (13..=20).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit())
}

/// The encrypted answers of a target that were accepted recently.
pub(super) struct Seen(Mutex<TtlRing>);

impl Default for Seen {
    fn default() -> Self {
        Self(Mutex::new(TtlRing::new(AGE, CAPACITY)))
    }
}

impl Seen {
    /// Accepts an answer to the push with the nonce `sent` once. The error says why an answer is
    /// refused. `created` is the `CreateTime` of the document.
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
            // The document is encrypted, so its own time can be trusted.
            (None, Some(created)) if is_finer(&envelope.timestamp) && is_fresh(created) => created,
            (None, _) if !is_finer(&envelope.timestamp) => {
                return Err("its TimeStamp is not in seconds since 1970");
            }
            _ => return Err("its TimeStamp is more than ten minutes from this machine's clock"),
        };
        if envelope.nonce.len() > NONCE_MAX {
            return Err("its Nonce is longer than 63 bytes");
        }
        // A target may reuse the nonce of the push or generate one.
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
            return Err("it may be a replay: its TimeStamp and Nonce can be swapped");
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = envelope.signature.low_bits();
        if seen.get(key, now.monotonic).is_some() {
            return Err("it is a replay");
        }
        seen.insert(key, 0, now.monotonic);
        Ok(())
    }
}
