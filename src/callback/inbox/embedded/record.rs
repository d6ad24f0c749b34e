//! The records of the file.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::app::AppId;
use crate::callback::dedup::DedupKey;
use crate::callback::inbox::store::EntryKey;
use crate::seal::Seal;

/// An entry or a dead letter. What a user wrote, and who, is sealed if there is a key.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    pub(super) key: EntryKey,
    pub(super) payload: Bytes,
    pub(super) stored: SystemTime,
    /// Only set for a dead letter.
    pub(super) death: Option<Death>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Death {
    pub(super) attempts: u32,
    pub(super) error: String,
    pub(super) since: SystemTime,
    pub(super) expires: SystemTime,
}

impl Record {
    pub(super) fn encode(&self, seal: &Seal, number: u64) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.payload.len() + 128);
        body.extend(millis(self.stored).to_be_bytes());
        body.extend(self.key.dedup.as_bytes());
        put(&mut body, self.key.appid.as_str().as_bytes());
        put(&mut body, self.key.openid.as_bytes());
        if let Some(death) = &self.death {
            body.push(1);
            body.extend(death.attempts.to_be_bytes());
            body.extend(millis(death.since).to_be_bytes());
            body.extend(millis(death.expires).to_be_bytes());
            put(&mut body, death.error.as_bytes());
        } else {
            body.push(0);
        }
        body.extend(&self.payload);
        seal.close(&name(number), &body)
    }

    /// Returns `None` if the record is damaged, or sealed with another key.
    pub(super) fn decode(seal: &Seal, number: u64, stored: &[u8]) -> Option<Self> {
        let body = seal.open(&name(number), stored)?;
        let mut rest = body.as_slice();
        let stored = time(u64::from_be_bytes(array(&mut rest)?));
        let dedup = DedupKey::from_bytes(array(&mut rest)?);
        let appid = AppId::new(text(&mut rest)?).ok()?;
        let key = EntryKey::new(appid, text(&mut rest)?, dedup);
        let [is_dead] = array(&mut rest)?;
        let death = match is_dead {
            0 => None,
            _ => Some(Death {
                attempts: u32::from_be_bytes(array(&mut rest)?),
                since: time(u64::from_be_bytes(array(&mut rest)?)),
                expires: time(u64::from_be_bytes(array(&mut rest)?)),
                error: text(&mut rest)?.to_owned(),
            }),
        };
        let payload = Bytes::copy_from_slice(rest);
        Some(Self {
            key,
            payload,
            stored,
            death,
        })
    }
}

/// The name that a record is sealed with: another record cannot take its place.
fn name(number: u64) -> String {
    format!("inbox:{number}")
}

/// Writes a text with its length. A longer text is cut.
fn put(body: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    body.extend(length.to_be_bytes());
    body.extend(text.iter().take(length.into()));
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (array, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*array)
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = u16::from_be_bytes(array(rest)?);
    let (text, after) = rest.split_at_checked(length.into())?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

/// Returns the milliseconds since the Unix epoch.
pub(super) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn time(millis: u64) -> SystemTime {
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(millis));
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::SealKey;

    fn record(death: Option<Death>) -> Record {
        Record {
            key: EntryKey::new(
                AppId::new("wx1").unwrap(),
                "o1",
                DedupKey::from_bytes([7; 20]),
            ),
            payload: Bytes::from_static(b"payload"),
            stored: time(1_767_225_600_123),
            death,
        }
    }

    #[test]
    fn a_record_is_read_as_written_and_no_damaged_one_is_read() {
        let seal = Seal {
            current: Some(SealKey::new([1; 32])),
            previous: None,
        };
        let death = Death {
            attempts: 8,
            error: "no".to_owned(),
            since: time(5),
            expires: time(6),
        };
        for record in [record(None), record(Some(death))] {
            let plain = record.encode(&Seal::default(), 3);
            assert_eq!(Record::decode(&Seal::default(), 3, &plain).unwrap(), record);
            let sealed = record.encode(&seal, 3);
            assert_eq!(Record::decode(&seal, 3, &sealed).unwrap(), record);
            assert_eq!(Record::decode(&seal, 4, &sealed), None);
            assert_eq!(Record::decode(&seal, 3, &plain), None);
            assert!(!sealed.windows(2).any(|bytes| bytes == b"o1"));
            for end in 0..30 {
                assert_eq!(Record::decode(&Seal::default(), 3, &plain[..end]), None);
            }
        }
    }
}
