//! The identity of a push.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha1::{Digest, Sha1};

use crate::callback::Message;
use crate::callback::memory::fingerprint::Fingerprints;
use crate::hex;

/// Identifies a push. All instances compute the same key, and retries of a push have the same key.
///
/// The key is displayed as 40 hexadecimal digits, suitable as a database key. It is a hash, so it
/// reveals nothing of what the user wrote.
///
/// ```
/// use tower_wechat::callback::dedup::DedupKey;
/// use tower_wechat::{AppId, Message};
///
/// let message = |text: &str| {
///     let text = format!("<xml><FromUserName>o1</FromUserName>{text}</xml>");
///     Message::parse(AppId::new("wx3cc8fd6963e31a32").unwrap(), text).unwrap()
/// };
/// let text = "<MsgType>text</MsgType><MsgId>25000000000000001</MsgId>";
/// let scan = "<MsgType>event</MsgType><CreateTime>1767225600</CreateTime><EventKey>a</EventKey>";
///
/// assert_eq!(DedupKey::new(&message(text)), DedupKey::new(&message(text)));
/// assert_ne!(DedupKey::new(&message(scan)), DedupKey::new(&message(&scan.replace('a', "b"))));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DedupKey([u8; 20]);

impl DedupKey {
    /// Computes the key of a message: see [which pushes are the
    /// same](super#which-pushes-are-the-same).
    pub fn new(message: &Message) -> Self {
        let mut digest = Sha1::new();
        // The lengths prevent two different splits of the same bytes from having the same key.
        for part in Identity::of(message).parts() {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// Restores a key from its [bytes](Self::as_bytes), for example from a store.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Display for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(hex::write(&self.0, &mut [0; 40]))
    }
}

impl fmt::Debug for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DedupKey({self})")
    }
}

/// The parts of a message that its key is computed from.
enum Identity<'a> {
    Message {
        appid: &'a str,
        user: &'a str,
        id: &'a str,
    },
    Document {
        appid: &'a str,
        document: &'a [u8],
    },
}

impl<'a> Identity<'a> {
    fn of(message: &'a Message) -> Self {
        let appid = message.appid().as_str();
        // If an event has an id, it identifies the subject of the event, not the push.
        let is_message = message.msg_type() != "event";
        // An id of 0 stands for none.
        match message.msg_id().filter(|id| is_message && *id != "0") {
            Some(id) => Self::Message {
                appid,
                user: message.from_user_name(),
                id,
            },
            None => Self::Document {
                appid,
                document: message.raw_bytes(),
            },
        }
    }

    /// Returns the parts. The first one is different for each kind of identity.
    fn parts(&self) -> [&'a [u8]; 4] {
        match *self {
            Self::Message { appid, user, id } => ["message", appid, user, id].map(str::as_bytes),
            Self::Document { appid, document } => [b"document", appid.as_bytes(), document, b""],
        }
    }
}

/// Computes a cheaper key that is only valid within this process.
pub(super) fn fingerprint(fingerprints: &Fingerprints, message: &Message) -> u64 {
    fingerprints.of(Identity::of(message))
}

/// Hashes few pieces, because each costs time. The kinds differ in their lengths.
impl Hash for Identity<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [kind, appid, first, second] = self.parts();
        state.write_u128(lengths([kind, appid, first, second]));
        for part in [appid, first, second] {
            state.write(part);
        }
    }
}

/// Packs the lengths of four parts, each below 4 GiB, into one number.
fn lengths(parts: [&[u8]; 4]) -> u128 {
    let join = |all: u128, part: &[u8]| all << 32 | part.len() as u128;
    parts.into_iter().fold(0, join)
}
