//! The nonces of pushes that are handed on.

use crate::callback::verify::nonce::Nonce;
use crate::callback::verify::signature::sign;

/// The letters that are random, and those that tell whose they are.
const RANDOM: usize = 16;
const MARK: usize = 8;

/// A new nonce for a target with this token.
///
/// It holds a mark by which every instance knows its own, for as long as the token stays: an answer
/// that repeats the nonce of one push is none to another.
pub(super) fn new(token: &str) -> String {
    let random = Nonce::random();
    format!("{random}{}", mark(token, random.as_str()))
}

/// Whether a nonce was made by [`new`].
pub(super) fn is_ours(token: &str, nonce: &str) -> bool {
    let parts = nonce.split_at_checked(RANDOM);
    parts.is_some_and(|(random, rest)| mark(token, random).as_str() == rest)
}

fn mark(token: &str, random: &str) -> Nonce<MARK> {
    let digest = sign([token, "tower-wechat forward", random]);
    Nonce::of(*digest.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_are_known_again() {
        let ours = new("thetoken");
        assert_eq!(ours.len(), RANDOM + MARK);
        assert!(is_ours("thetoken", &ours) && !is_ours("another", &ours));
        let other = format!("{}a{}", &ours[..15], &ours[16..]);
        assert!(other == ours || !is_ours("thetoken", &other));
        for other in [
            "",
            "1514711492",
            "UiQhwYqmkBzSsxnS",
            "你你你你你你你",
            &ours[1..],
        ] {
            assert!(!is_ours("thetoken", other), "{other}");
        }
    }
}
