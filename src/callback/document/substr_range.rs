//! Finds the range of a substring by its address.

use std::ops::Range;

/// Returns the range of `piece` in `text`, or `None` if `piece` is not a slice of it.
pub(crate) fn substr_range(text: &str, piece: &str) -> Option<Range<usize>> {
    // Compares addresses, not content: a copy with equal text has no range.
    let start = piece.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let range = start..start.checked_add(piece.len())?;
    text.get(range.clone()).map(|_| range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_has_a_place_and_a_copy_has_none() {
        let text = String::from("a=1&b=2");
        assert_eq!(substr_range(&text, &text[4..5]), Some(4..5));
        assert_eq!(substr_range(&text, &text[7..]), Some(7..7));
        assert_eq!(substr_range(&text[..3], &text[4..]), None);
        assert_eq!(substr_range(&text, &text.clone()), None);
    }
}
