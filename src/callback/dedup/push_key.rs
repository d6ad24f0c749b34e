//! The key of a push in a store.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::DedupKey;
use crate::app::AppId;
use crate::callback::{Message, Reply};

/// A record lives longer than it is needed by this fraction, since the clocks of instances differ.
const MARGIN: u32 = 4;

/// The longest life of a record.
const LIFE_MAX: Duration = Duration::from_secs(24 * 3600);

/// Identifies a push in a [`DedupStore`](super::DedupStore).
///
/// ```
/// use tower_wechat::callback::dedup::PushKey;
/// use tower_wechat::{AppId, Message};
///
/// let text = "<xml><FromUserName>o1</FromUserName><MsgId>25000000000000001</MsgId></xml>";
/// let message = Message::parse(AppId::new("wx3cc8fd6963e31a32")?, text.to_owned()).unwrap();
/// let key = PushKey::from_message(&message);
/// assert_eq!((key.appid.as_str(), key.unsigned), ("wx3cc8fd6963e31a32", None));
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushKey {
    /// The app.
    pub appid: AppId,
    /// What retries of the push have in common. Different for each app.
    pub dedup: DedupKey,
    /// The signature and the body, if the signature does not cover the body, as in plaintext mode.
    /// `None` for a message that does not come from a [`Callback`](crate::Callback).
    pub unsigned: Option<UnsignedBody>,
}

impl PushKey {
    /// Creates the key of a push whose signature covers its body.
    pub fn new(appid: AppId, dedup: DedupKey) -> Self {
        Self {
            appid,
            dedup,
            unsigned: None,
        }
    }

    /// Creates the key of a push whose signature does not cover its body.
    pub fn with_unsigned(appid: AppId, dedup: DedupKey, unsigned: UnsignedBody) -> Self {
        Self {
            unsigned: Some(unsigned),
            ..Self::new(appid, dedup)
        }
    }

    /// Computes the key of a message.
    pub fn from_message(message: &Message) -> Self {
        let key = Self::new(message.appid().clone(), DedupKey::new(message));
        let unsigned = message.delivery().unsigned().map(|signature| {
            let life = life(message.delivery().age());
            UnsignedBody::new(
                digest(&signature.to_be_bytes()),
                digest(message.raw_bytes()),
                life,
            )
        });
        Self { unsigned, ..key }
    }
}

/// A signature that does not cover the body of its push, and the body that it came with, as digests
/// of 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UnsignedBody {
    /// The digest of the signature.
    pub signature: u128,
    /// The digest of the body. It has no key, so it can be compared with the digest of a guess.
    pub body: u128,
    /// How long the two must be remembered together: longer than the signature is accepted.
    pub life: Duration,
}

impl UnsignedBody {
    /// Creates the pair from the two digests.
    pub fn new(signature: u128, body: u128, life: Duration) -> Self {
        Self {
            signature,
            body,
            life,
        }
    }
}

fn digest(bytes: &[u8]) -> u128 {
    let digest = Sha256::digest(bytes);
    digest
        .first_chunk()
        .map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

/// Returns the life of a record that is needed for `age`.
fn life(age: Duration) -> Duration {
    age.saturating_add(age / MARGIN).min(LIFE_MAX)
}

/// How long a push is remembered in the store.
#[derive(Clone, Copy)]
pub(super) struct Life {
    window: Duration,
    signature: Duration,
}

impl Life {
    /// Computes the life for a message. `window` is how long this instance remembers it.
    pub(super) fn new(message: &Message, window: Duration) -> Self {
        Self {
            window,
            signature: message.delivery().age(),
        }
    }

    /// Returns the life of a push that was answered with `reply`: longer than its signature is
    /// accepted, so that no instance handles a captured push again.
    pub(super) fn of(self, reply: &Reply) -> Duration {
        match reply.asks_for_retry() {
            // The platform's next push is meant to run.
            true => self.window,
            false => life(self.signature.max(self.window)),
        }
    }
}
