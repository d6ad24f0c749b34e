//! The other timestamps that a signature can be read with.
//!
//! The platform sorts what it signs and joins it without separators. A signature therefore does not
//! determine which of the joined bytes are the timestamp and which are the nonce:
//! `timestamp=A&nonce=B` and `timestamp=B&nonce=A` have the same signature, as does every other
//! split of the same bytes. A *reading* assigns the joined bytes to a timestamp and a nonce; the
//! token is known.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The default maximum age of a captured signature that is refused under another reading.
pub(crate) const AMBIGUITY: Duration = Duration::from_secs(DAY);

/// The maximum distance from a timestamp at which the document's `CreateTime` identifies it.
const DAY: u64 = 24 * 3600;

/// The length of a timestamp. Ten digits suffice until the year 2286.
const DIGITS: usize = 10;

/// Parses a timestamp: ten digits without a leading zero.
pub(crate) fn timestamp(text: &str) -> Option<u64> {
    number(text.as_bytes().try_into().ok()?)
}

/// A timestamp, and the evidence that it is the one that was signed.
pub(crate) struct Dated {
    pub(crate) timestamp: u64,
    /// The document's `CreateTime`, if the signature covers it.
    pub(crate) created: Option<u64>,
    pub(crate) now: u64,
    /// The maximum distance of a timestamp from `now`.
    pub(crate) window: Duration,
    pub(crate) ambiguity: Duration,
}

/// Why a timestamp is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The document was created for another reading.
    Captured,
    /// Another reading is recent, and the signed one cannot be determined.
    Ambiguous,
}

impl Dated {
    /// Checks `signed`, the token, the timestamp and the nonce, against its other readings with
    /// each of the app's tokens.
    pub(crate) fn check<'a>(
        &self,
        signed: [&str; 3],
        tokens: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Doubt> {
        let recent = self.recent();
        let doubt = |other: u64| match self.created {
            Some(created) if created.abs_diff(other) < created.abs_diff(self.timestamp) => {
                // `CreateTime` is nearer to `other`. If both are far from it, it decides nothing.
                match created.abs_diff(other) <= DAY {
                    true => Some(Doubt::Captured),
                    false => recent.contains(&other).then_some(Doubt::Ambiguous),
                }
            }
            // `CreateTime` confirms the given timestamp.
            Some(created) if created.abs_diff(self.timestamp) <= DAY => None,
            _ => recent.contains(&other).then_some(Doubt::Ambiguous),
        };
        for token in tokens {
            let found = find_other(signed, token, doubt);
            if let Some(doubt) = found {
                return Err(doubt);
            }
        }
        Ok(())
    }

    /// Returns the times at which a signature that may be replayed can have been made.
    fn recent(&self) -> RangeInclusive<u64> {
        let oldest = self.now.saturating_sub(self.ambiguity.as_secs());
        oldest..=self.now.saturating_add(self.window.as_secs())
    }
}

/// Searches the other readings of the bytes that `signed` joins, for an app with the token `token`.
/// `signed` is the token that was used, the timestamp and the nonce. Returns the first result of
/// `look` for the timestamp of such a reading.
///
/// `look` is called before the reading is validated, because it is the cheaper test.
fn find_other<T>(signed: [&str; 3], token: &str, look: impl Fn(u64) -> Option<T>) -> Option<T> {
    let [_, given, _] = signed;
    let mut parts = signed.map(str::as_bytes);
    parts.sort_unstable();
    let length: usize = parts.iter().map(|part| part.len()).sum();
    // Of the three sorted parts, the timestamp is the first, the last or the middle one.
    let last = length.saturating_sub(DIGITS);
    let places = [0, token.len(), last.saturating_sub(token.len()), last];
    places.into_iter().find_map(|at| {
        let piece = piece(&parts, at).filter(|piece| piece != given.as_bytes())?;
        let found = look(number(&piece)?)?;
        is_reading(&parts.concat(), at, token.as_bytes()).then_some(found)
    })
}

/// Returns ten bytes of the joined parts, if the first is a digit other than 0.
fn piece(parts: &[&[u8]; 3], mut at: usize) -> Option<[u8; DIGITS]> {
    let mut rest = parts.iter();
    let tail = loop {
        let part = rest.next()?;
        match part.get(at..) {
            Some(tail) if !tail.is_empty() => break tail,
            _ => at = at.saturating_sub(part.len()),
        }
    };
    if !matches!(tail.first(), Some(b'1'..=b'9')) {
        return None;
    }
    if let Some(piece) = tail.first_chunk() {
        return Some(*piece);
    }
    let mut bytes = tail.iter().chain(rest.flat_map(|part| part.iter()));
    let mut piece = [0; DIGITS];
    for place in &mut piece {
        *place = *bytes.next()?;
    }
    Some(piece)
}

/// Returns whether the bytes are a token, a timestamp at this position and a nonce, in sorted
/// order.
fn is_reading(joined: &[u8], at: usize, token: &[u8]) -> bool {
    let parts = joined.split_at_checked(at).and_then(|(before, rest)| {
        let (timestamp, after) = rest.split_at_checked(DIGITS)?;
        Some((before, timestamp, after))
    });
    let Some((before, timestamp, after)) = parts else {
        return false;
    };
    // The token is the bytes before or after the timestamp, or a prefix or suffix of them.
    let is_sorted = |nonce: Option<&[u8]>| {
        nonce.is_some_and(|nonce| {
            let mut parts = [token, timestamp, nonce];
            parts.sort_unstable();
            !nonce.is_empty() && parts.concat() == joined
        })
    };
    match (before.is_empty(), after.is_empty()) {
        (true, _) => is_sorted(after.strip_prefix(token)) || is_sorted(after.strip_suffix(token)),
        (_, true) => is_sorted(before.strip_prefix(token)) || is_sorted(before.strip_suffix(token)),
        _ => {
            (before == token && is_sorted(Some(after))) || after == token && is_sorted(Some(before))
        }
    }
}

/// Parses ten digits without a leading zero.
fn number(bytes: &[u8; DIGITS]) -> Option<u64> {
    let digits = bytes.iter().map(|byte| byte.wrapping_sub(b'0'));
    let mut digits = digits.map(|digit| (digit < 10).then_some(u64::from(digit)));
    let first = digits.next().flatten().filter(|first| *first != 0)?;
    digits.try_fold(first, |number, digit| Some(number * 10 + digit?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    fn joined(token: &str, timestamp: &str, nonce: &str) -> String {
        let mut parts = [token, timestamp, nonce];
        parts.sort_unstable();
        parts.concat()
    }

    /// Returns every timestamp that the joined bytes can be read with, by trying all pieces.
    fn all(text: &str, token: &str) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        for at in 0..=text.len().saturating_sub(DIGITS) {
            let Some(read) = text.get(at..at + DIGITS).and_then(timestamp) else {
                continue;
            };
            let timestamp = &text[at..at + DIGITS];
            let rest = [&text[..at], &text[at + DIGITS..]].concat();
            for place in 0..=rest.len() {
                let Some(nonce) = rest[place..].strip_prefix(token) else {
                    continue;
                };
                let nonce = [&rest[..place], nonce].concat();
                if !nonce.is_empty() && joined(token, timestamp, &nonce) == text {
                    found.insert(read);
                }
            }
        }
        found
    }

    /// Returns the timestamps that `find_other` finds among all pieces of ten digits.
    fn found(token: &str, stamp: &str, nonce: &str) -> BTreeSet<u64> {
        let text = joined(token, stamp, nonce);
        let pieces = (0..text.len()).filter_map(|at| timestamp(text.get(at..at + DIGITS)?));
        let is_found = |piece: &u64| {
            let look = |other| (other == *piece).then_some(());
            find_other([token, stamp, nonce], token, look).is_some()
        };
        pieces.filter(is_found).collect()
    }

    #[test]
    fn a_timestamp_is_ten_digits() {
        assert_eq!(timestamp("1767225600"), Some(1_767_225_600));
        for wrong in [
            "",
            "0767225600",
            "176722560",
            "17672256000",
            "+767225600",
            "１767225",
            "176722560a",
        ] {
            assert_eq!(timestamp(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn order_and_cut_give_other_readings() {
        for (token, nonce, others) in [
            ("token", "1867225600", &[1_867_225_600][..]),
            // 1767225600 99 token: split after the first two digits.
            ("token", "99", &[6_722_560_099]),
            // 10 1767225600 token: any other split would sort differently.
            ("token", "10", &[]),
            // A token between the two parts fixes the split, unless the bytes around it contain the
            // token.
            ("5", "9999999999", &[9_999_999_999]),
            ("token", "letters", &[]),
        ] {
            let found: Vec<_> = found(token, "1767225600", nonce).into_iter().collect();
            assert_eq!(found, others, "{token} {nonce}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn every_reading_is_found_and_no_other(
            token in "[0-9]{1,12}|[12a]{1,4}|[0-9a-z]{1,6}",
            stamp in "[1-9][0-9]{9}|1{9}[12]|[12]{10}",
            nonce in "[0-9]{1,24}|[12]{1,14}|[0-9a]{1,12}",
        ) {
            let mut expected = all(&joined(&token, &stamp, &nonce), &token);
            expected.remove(&timestamp(&stamp).unwrap());
            prop_assert_eq!(found(&token, &stamp, &nonce), expected);
        }

        #[test]
        fn long_nonces_are_read_too(nonce in "[0-9a-z]{120,200}") {
            let nonce = format!("1867225600{nonce}");
            let signed = ["zzz", "1767225600", nonce.as_str()];
            let expected = all(&joined("zzz", "1767225600", &nonce), "zzz");
            for candidate in expected {
                let look = |other| (other == candidate).then_some(());
                let found = find_other(signed, "zzz", look);
                prop_assert_eq!(found.is_some(), candidate != 1_767_225_600);
            }
        }
    }
}
