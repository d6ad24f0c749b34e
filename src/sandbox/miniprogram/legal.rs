//! The characters allowed in a scene or a query.

/// The allowed characters besides ASCII letters and digits.
const MARKS: &str = "!#$&'()*+,/:;=?@-._~";

/// Returns whether `text` has only allowed characters or characters of `more`.
pub(super) fn is_legal(text: &str, more: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || MARKS.contains(c) || more.contains(c);
    text.chars().all(legal)
}
