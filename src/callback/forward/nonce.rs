//! The nonces of forwarded pushes.

use crate::callback::verify::nonce::Nonce;
use crate::callback::verify::signature::sign;

/// The number of random letters, followed by the number of letters that mark the nonce as ours.
const RANDOM: usize = 16;
const MARK: usize = 8;

/// Creates a nonce for a target with this token.
///
/// The nonce contains a mark that is derived from the token. Every instance with the token can
/// recognise it. An answer with the nonce of one push is therefore refused for another push.
pub(super) fn new(token: &str) -> String {
    let random = Nonce::random();
    format!("{random}{}", mark(token, random.as_str()))
}

/// Returns whether a nonce was made by [`new`].
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
