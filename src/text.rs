//! Splits texts that are too long for one message.

/// The maximum length of a character, in bytes of UTF-8.
const CHAR_MAX: usize = 4;

/// Returns the longest prefix of a text that fits into `max` bytes and ends with a whole character.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Splits a text into a message of at most `max` bytes and the rest.
///
/// The message ends with a line, or else a sentence, or else a word, and not within a link,
/// `<a …>…</a>`. It is cut elsewhere if it would otherwise be less than half full or leave more
/// than `room` bytes for the rest.
///
/// Concatenated, the two parts are the text. The first is empty only if the text is.
pub(crate) fn split(text: &str, max: usize, room: usize) -> (&str, &str) {
    let head = cut(text, max);
    if head.len() == text.len() {
        return (text, "");
    }
    // A lower bound on the cut: what does not fit into `room` can't be sent in later messages.
    let least = (max / 2).max(text.len().saturating_sub(room));
    let reads_well = |end: &usize| *end >= least && link_over(text, *end, max).is_none();
    let end = ends(head, is_line_end)
        .find(reads_well)
        .or_else(|| ends(head, is_sentence_end).find(reads_well))
        .or_else(|| ends(head, is_word_end).find(reads_well))
        // Before the link, but not at 0: an empty message would not advance the split.
        .or_else(|| link_over(text, head.len(), max).filter(|start| *start >= least.max(1)))
        .unwrap_or(head.len());
    text.split_at_checked(end).unwrap_or((head, ""))
}

/// Splits a text into at most `most` messages of `max` bytes each. Returns `None` if it is too
/// long.
pub(crate) fn pieces(text: &str, max: usize, most: usize) -> Option<Vec<&str>> {
    // A cut before a whole character wastes up to `CHAR_MAX - 1` bytes of a message.
    let sure = max.saturating_sub(CHAR_MAX - 1);
    let mut pieces = Vec::new();
    let mut rest = text;
    for left in (0..most).rev() {
        let (piece, after) = split(rest, max, left * sure);
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            return Some(pieces);
        }
    }
    None
}

/// Returns the positions where `text` may end, last first. `is_end` gets the text before a
/// character and the character.
fn ends(text: &str, is_end: fn(&str, char) -> bool) -> impl Iterator<Item = usize> {
    let chars = text.char_indices().rev();
    chars.filter_map(move |(start, c)| {
        let before = text.get(..start)?;
        is_end(before, c).then_some(start + c.len_utf8())
    })
}

fn is_line_end(_: &str, c: char) -> bool {
    c == '\n'
}

fn is_sentence_end(before: &str, c: char) -> bool {
    // Without a space, these can be part of a URL.
    let ends_latin = || c.is_whitespace() && before.ends_with(['.', '!', '?', ';']);
    matches!(c, '。' | '！' | '？' | '；' | '…') || ends_latin()
}

fn is_word_end(_: &str, c: char) -> bool {
    c.is_whitespace()
}

/// Returns the start of the link that `end` is within. A link longer than a message is ignored,
/// because it can't be kept whole.
fn link_over(text: &str, end: usize, max: usize) -> Option<usize> {
    const OPEN: &str = "<a ";
    const CLOSE: &str = "</a>";
    // A link can also begin right before `end`, which then cuts through `OPEN` itself.
    let start = cut(text, end + OPEN.len() - 1).rfind(OPEN);
    let start = start.filter(|start| *start < end)?;
    let link = cut(text.get(start..)?, max);
    let len = link.find(CLOSE)? + CLOSE.len();
    (start + len > end).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heads(text: &str, max: usize) -> &str {
        split(text, max, usize::MAX).0
    }

    #[test]
    fn a_message_ends_where_it_reads_well() {
        for (text, head) in [
            ("", ""),
            ("short", "short"),
            ("one two\nthree four", "one two\n"),
            ("一句。两句！三句", "一句。"),
            ("one two three four", "one two "),
            ("abcdefghijklmnop", "abcdefghijkl"),
            ("十十十十十", "十十十十"),
            // A cut at the newline would leave half of the message empty.
            ("a\nbcdefghijklmnop", "a\nbcdefghijk"),
        ] {
            assert_eq!(heads(text, 12), head, "{text}");
        }
    }

    #[test]
    fn a_link_stays_whole() {
        let link = "<a href=\"https://example.com/a b\">the\npage</a>";
        let text = format!("{}{link}, and so on", "x".repeat(40));
        assert_eq!(heads(&text, 70), "x".repeat(40));
        // The link also stays whole if the message ends within `<a `.
        let short = format!("{}<a href=\"u\">page</a>", "x".repeat(40));
        assert_eq!(heads(&short, 41), "x".repeat(40));
        let open = format!("{}<a href=\"", "x".repeat(40));
        assert_eq!(heads(&open, 45), format!("{}<a ", "x".repeat(40)));
    }

    #[test]
    fn what_fits_into_the_messages_is_never_too_long() {
        let lines = format!("{}\n", "x".repeat(50)).repeat(9);
        let pieces = pieces(&lines, 97, 5).unwrap();
        assert_eq!((pieces.len(), pieces.concat()), (5, lines));
        assert_eq!(super::pieces(&"x".repeat(500), 100, 5).unwrap().len(), 5);
        assert_eq!(super::pieces(&"x".repeat(501), 100, 5), None);
        assert_eq!(super::pieces("", 100, 5), Some(vec![""]));
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "([a-z。\n ]|👍|<a |</a>){0,300}", max in 8..200_usize) {
            if let Some(pieces) = pieces(&text, max, 5) {
                prop_assert!(pieces.iter().all(|piece| piece.len() <= max));
                prop_assert!(text.is_empty() || pieces.iter().all(|piece| !piece.is_empty()));
                prop_assert_eq!(pieces.concat(), text);
            } else {
                prop_assert!(text.len() > 5 * (max - 3));
            }
        }
    }
}
