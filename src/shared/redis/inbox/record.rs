//! How an entry is written.
//!
//! A record is a random salt of 16 bytes and what is sealed under the name of the hash and the salt,
//! so each has a key of its own. In it are:
//!
//! | bytes | |
//! |---|---|
//! | 20 | the dedup key |
//! | 4 | the length of the openid, the first byte being the highest |
//! | … | the openid, and after it the payload |

use bytes::Bytes;

use crate::app::AppId;
use crate::callback::dedup::DedupKey;
use crate::callback::inbox::{Entry, EntryKey};
use crate::hex;
use crate::seal::Seal;

const KEY_LEN: usize = 20;
const SALT_LEN: usize = 16;

/// Returns what is stored of an entry.
pub(super) fn close(seal: &Seal, name: &str, key: &EntryKey, payload: &[u8]) -> Vec<u8> {
    let openid = key.openid.as_bytes();
    // An openid comes from a body of limited size.
    let len = u32::try_from(openid.len()).unwrap_or(u32::MAX);
    let record = [
        key.dedup.as_bytes(),
        &len.to_be_bytes()[..],
        openid,
        payload,
    ]
    .concat();
    close_bytes(seal, name, &record)
}

/// Returns a stored entry, unless it was sealed with a key that this instance does not have.
pub(super) fn open(seal: &Seal, name: &str, appid: &AppId, stored: &[u8]) -> Option<Entry> {
    let record = open_bytes(seal, name, stored)?;
    let (dedup, rest) = record.split_first_chunk::<KEY_LEN>()?;
    let (len, rest) = rest.split_first_chunk()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let (openid, payload) = rest.split_at_checked(len)?;
    let openid = std::str::from_utf8(openid).ok()?;
    let key = EntryKey::new(appid.clone(), openid, DedupKey::from_bytes(*dedup));
    Some(Entry::new(key, Bytes::copy_from_slice(payload)))
}

/// Returns what is stored of some bytes.
pub(super) fn close_bytes(seal: &Seal, name: &str, value: &[u8]) -> Vec<u8> {
    let salt: [u8; SALT_LEN] = rand::random();
    let sealed = seal.close(&salted(name, salt), value);
    [&salt[..], &sealed].concat()
}

pub(super) fn open_bytes(seal: &Seal, name: &str, stored: &[u8]) -> Option<Vec<u8>> {
    let (salt, sealed) = stored.split_first_chunk()?;
    seal.open(&salted(name, *salt), sealed)
}

fn salted(name: &str, salt: [u8; SALT_LEN]) -> String {
    format!("{name}:{}", hex::write(&salt, &mut [0; SALT_LEN * 2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::SealKey;

    #[test]
    fn an_entry_is_read_back_with_its_key_only() {
        let seal = Seal {
            current: Some(SealKey::new([1; 32])),
            previous: None,
        };
        let appid = AppId::new("wx3cc8fd6963e31a32").unwrap();
        let key = EntryKey::new(appid.clone(), "o1", DedupKey::from_bytes([7; 20]));
        let stored = close(&seal, "a", &key, b"payload");
        let entry = Entry::new(key, &b"payload"[..]);
        assert_eq!(open(&seal, "a", &appid, &stored), Some(entry));
        assert_eq!(open(&seal, "b", &appid, &stored), None);
        assert_eq!(open(&Seal::default(), "a", &appid, &stored), None);
        for len in 0..stored.len() {
            assert_eq!(open(&seal, "a", &appid, &stored[..len]), None);
        }
    }

    #[test]
    fn a_record_that_ends_early_is_unreadable() {
        let seal = Seal::default();
        let appid = AppId::new("wx3cc8fd6963e31a32").unwrap();
        let key = EntryKey::new(appid.clone(), "o1", DedupKey::from_bytes([7; 20]));
        let stored = close(&seal, "a", &key, b"");
        assert!(open(&seal, "a", &appid, &stored).is_some());
        for len in 0..stored.len() {
            assert_eq!(open(&seal, "a", &appid, &stored[..len]), None);
        }
    }
}
