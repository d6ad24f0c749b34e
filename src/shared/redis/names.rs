//! The names of keys: `prefix:{tag}:kind:id`.
//!
//! The tag, which is the app's id where there is one, selects the slot of a cluster. All keys that
//! one script uses have the same tag.

use std::fmt::{Display, Write as _};

/// Returns the name of a key.
pub(super) fn name(prefix: &str, tag: &str, rest: impl Display) -> String {
    format!("{prefix}:{{{tag}}}:{rest}")
}

/// Returns the channel on which scans are published.
pub(super) fn channel(prefix: &str) -> String {
    format!("{prefix}:scans")
}

/// Encodes what must not be part of a prefix: a brace would select another slot.
pub(super) fn prefix(prefix: &str) -> String {
    let legal = |byte: u8| byte.is_ascii_graphic() && !b"{}%".contains(&byte);
    prefix.bytes().fold(String::new(), |mut name, byte| {
        if legal(byte) {
            name.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(name, "%{byte:02x}");
        }
        name
    })
}

/// Returns the name of the probe in the slot of `key`.
pub(super) fn probe(key: &str) -> String {
    let (tag, _) = key.split_once('}').unwrap_or((key, ""));
    format!("{tag}}}:probe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_in_the_slot_of_its_key() {
        assert_eq!(probe(&name("shop", "wx1", "token:a")), "shop:{wx1}:probe");
    }

    #[test]
    fn a_prefix_selects_no_slot() {
        assert_eq!(prefix("a{b}\u{e9} %"), "a%7bb%7d%c3%a9%20%25");
    }
}
