//! The signed `state`, which proves that this service recently sent this browser away.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::error::Error;
use crate::hex;
use crate::random;
use crate::secret::Secret;

/// Separates these signatures from other uses of the same key.
const PURPOSE: &[u8] = b"tower-wechat oauth state 1";

/// The parts of a state, in characters: its end in seconds since the Unix epoch, a random text of
/// 131 bits, and 192 bits of the signature. Only letters and digits are allowed, at most 128, so
/// the signature is hexadecimal and cut.
const END: usize = 10;
const NONCE: usize = 22;
const SIGNATURE: usize = 48;

/// The largest end that fits: ten hexadecimal digits of seconds cover about 34,000 years.
const END_MAX: u64 = (1 << (4 * END)) - 1;

/// The key that signs states. Instances behind one address must share it.
///
/// ```
/// use tower_wechat::oauth::StateKey;
///
/// let key = StateKey::new("thirty-two bytes or more, at random")?;
/// assert_eq!(format!("{key:?}"), "StateKey");
/// assert!(StateKey::new("short").is_err());
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct StateKey(Hmac<Sha256>);

impl StateKey {
    /// The minimum length of a key, in bytes.
    pub const MIN_LEN: usize = 32;

    /// Creates a key from at least 32 bytes, which should be random.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a shorter one.
    pub fn new(key: impl Into<Secret>) -> Result<Self, Error> {
        let key = key.into();
        let key = key.expose().as_bytes();
        let keyed = Hmac::new_from_slice(key).ok();
        keyed
            .filter(|_| key.len() >= Self::MIN_LEN)
            .map(Self)
            .ok_or_else(|| {
                let (min, len) = (Self::MIN_LEN, key.len());
                Error::input(
                    "state key",
                    format!("must be at least {min} bytes (it has {len}): generate it randomly"),
                )
            })
    }

    /// Creates the state of one sign-in, valid until `end` in seconds since the Unix epoch.
    pub(super) fn issue(&self, attempt: &Attempt<'_>, end: u64) -> String {
        let end = end.min(END_MAX);
        let open = format!("{end:010x}{}", random::alphanumeric(NONCE));
        let signature = self.sign(attempt, &open);
        open + &signature
    }

    /// Checks the signature, and returns when the state ends.
    pub(super) fn verify(&self, attempt: &Attempt<'_>, state: &str) -> Option<u64> {
        if state.len() != END + NONCE + SIGNATURE {
            return None;
        }
        let (open, signature) = state.split_at_checked(END + NONCE)?;
        let expected = self.sign(attempt, open);
        if !bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
            return None;
        }
        u64::from_str_radix(open.get(..END)?, 16).ok()
    }

    fn sign(&self, attempt: &Attempt<'_>, open: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(PURPOSE);
        let parts = [
            open,
            attempt.appid,
            attempt.callback,
            attempt.browser.expose(),
            attempt.return_to,
        ];
        for part in parts {
            // Length-prefixed, so that no byte can move from one part to the next.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hex::first(&mac.finalize().into_bytes(), SIGNATURE)
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey")
    }
}

/// What a state is bound to.
pub(super) struct Attempt<'a> {
    pub(super) appid: &'a str,
    pub(super) callback: &'a str,
    pub(super) browser: &'a Secret,
    pub(super) return_to: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::oauth::AuthorizeUrl;

    #[test]
    fn a_state_is_for_one_attempt_and_fits_the_platform() {
        let key = |text: &str| StateKey::new(text.repeat(32)).unwrap();
        let browsers = [Secret::new("b1"), Secret::new("b2")];
        let attempt = |browser, return_to| Attempt {
            appid: "wx1",
            callback: "https://shop.example/login/done",
            browser,
            return_to,
        };
        let ours = attempt(&browsers[0], "/cart");
        let state = key("a").issue(&ours, 1_767_225_600);
        assert!(state.len() <= AuthorizeUrl::STATE_MAX);
        assert!(state.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(key("a").verify(&ours, &state), Some(1_767_225_600));
        assert_ne!(key("a").issue(&ours, 1_767_225_600), state);

        assert_eq!(key("b").verify(&ours, &state), None);
        for other in [
            attempt(&browsers[1], "/cart"),
            attempt(&browsers[0], "/car"),
        ] {
            assert_eq!(key("a").verify(&other, &state), None);
        }
        for place in 0..state.len() {
            let mut forged = state.clone().into_bytes();
            forged[place] ^= 1;
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(key("a").verify(&ours, &forged), None, "{place}");
        }
        let longer = format!("{state}0");
        for forged in ["", "x", &longer, &state[1..], &"你".repeat(30)] {
            assert_eq!(key("a").verify(&ours, forged), None, "{forged}");
        }
    }
}
