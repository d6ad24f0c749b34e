//! The marks around a value, and elements without children.

use std::ops::Range;

use memchr::memmem;

/// Parses an element at `at` that contains plain text or one CDATA section. Returns its name, the
/// range of its value, and its end.
pub(super) fn simple(part: &str, at: usize) -> Option<(&str, Range<usize>, usize)> {
    let inside = part.get(at..)?.strip_prefix('<')?;
    let len = inside.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?;
    let (name, rest) = inside.split_at_checked(len)?;
    if name.is_empty() {
        return None;
    }
    if let Some(behind) = rest.strip_prefix("/>") {
        let end = part.len() - behind.len();
        return Some((name, end..end, end));
    }
    let rest = rest.strip_prefix('>')?;
    if let Some(value) = rest.strip_prefix("<![CDATA[") {
        let start = part.len() - value.len();
        let end = start + memmem::find(value.as_bytes(), b"]]>")?;
        return Some((name, start..end, end_tag(part, end + "]]>".len(), name)?));
    }
    let start = part.len() - rest.len();
    let end = start + memchr::memchr(b'<', rest.as_bytes())?;
    Some((name, start..end, end_tag(part, end, name)?))
}

/// Finds the last `]]></name>` after `from`, ignoring whitespace inside it. Returns the end of the
/// value before it and its end.
pub(super) fn last_end(document: &str, from: usize, name: &str) -> Option<(usize, usize)> {
    let tag = format!("</{name}");
    let mut until = document.len();
    loop {
        let part = document.as_bytes().get(from..until)?;
        until = from + memmem::rfind(part, tag.as_bytes())?;
        if let Some(mark) = mark_end(document, from, until, name) {
            return Some(mark);
        }
    }
}

/// Finds the first `]]></name>` after `from`, like [`last_end`].
pub(super) fn first_end(document: &str, from: usize, name: &str) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let rest = document.as_bytes().get(at..)?;
        let end = at + memmem::find(rest, b"]]>")?;
        at = end + 1;
        if let Some(behind) = end_tag(document, end + "]]>".len(), name) {
            return Some((end, behind));
        }
    }
}

/// Returns the end of the end tag of `name` at `at`, ignoring whitespace.
pub(super) fn end_tag(document: &str, at: usize, name: &str) -> Option<usize> {
    let rest = document.get(at..)?;
    let rest = rest.get(blank(rest)..)?.strip_prefix("</")?;
    let rest = rest.strip_prefix(name)?;
    let rest = rest.get(blank(rest)..)?.strip_prefix('>')?;
    Some(document.len() - rest.len())
}

/// Returns the mark whose end tag starts at `tag`, if a CDATA section ends before that tag.
pub(super) fn mark_end(
    document: &str,
    from: usize,
    tag: usize,
    name: &str,
) -> Option<(usize, usize)> {
    let behind = end_tag(document, tag, name)?;
    let value = document.get(from..tag)?;
    let value = value.trim_end_matches(BLANK).strip_suffix("]]>")?;
    Some((from + value.len(), behind))
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// Returns the length of the leading whitespace.
pub(super) fn blank(rest: &str) -> usize {
    rest.len() - rest.trim_start_matches(BLANK).len()
}
