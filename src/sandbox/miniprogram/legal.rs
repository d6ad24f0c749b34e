//! Which characters may stand in a scene or a query.

/// What may stand there beside letters and digits.
const MARKS: &str = "!#$&'()*+,/:;=?@-._~";

/// Whether a text has only characters that may stand there, or those of `more`.
pub(super) fn is_legal(text: &str, more: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || MARKS.contains(c) || more.contains(c);
    text.chars().all(legal)
}
