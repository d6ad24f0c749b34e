//! The plain shape that nearly every push has, read without a parser.

use memchr::memchr;

use crate::callback::tree::{Builder, Limits, Parsed};

/// Reads a document of the shape `<xml><Name><![CDATA[value]]></Name><Name>value</Name></xml>`,
/// with or without white space between the elements.
///
/// `None` for anything else: a prolog, an attribute, an entity, a comment, an element inside
/// another, whatever is at fault or beyond the limits. The parser then decides; where this reads a
/// document, both read the same.
pub(super) fn parse(text: &str, document: &str, limits: Limits) -> Option<Parsed> {
    if limits.depth == 0 {
        return None;
    }
    let mut builder = Builder::new(text, limits);
    let mut rest = document.strip_prefix("<xml>")?;
    loop {
        rest = rest.trim_ascii_start().strip_prefix('<')?;
        if let Some(after) = rest.strip_prefix("/xml>") {
            return after.trim_ascii().is_empty().then(|| builder.finish());
        }
        let (name, after) = name(rest)?;
        let (value, after) = match after.strip_prefix("<![CDATA[") {
            Some(after) => cdata(after)?,
            None => plain(after)?,
        };
        rest = after
            .strip_prefix("</")?
            .strip_prefix(name)?
            .strip_prefix('>')?;
        let name = builder.span(name).ok()?;
        let node = builder.open(name).ok()?;
        let value = builder.span(value).ok()?;
        builder.close(node, value).ok()?;
    }
}

/// The name of an element whose `<` is behind us, and what follows its `>`.
fn name(text: &str) -> Option<(&str, &str)> {
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let len = text.bytes().take_while(|byte| legal(byte)).count();
    let (name, after) = text.split_at_checked(len)?;
    let begins = name.bytes().next()?;
    let after = after.strip_prefix('>')?;
    (!begins.is_ascii_digit()).then_some((name, after))
}

/// What a CDATA section holds, and what follows it.
fn cdata(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let at = from + memchr(b'>', text.as_bytes().get(from..)?)?;
        if let Some(value) = text.get(..at)?.strip_suffix("]]") {
            return Some((value, text.get(at + 1..)?));
        }
        from = at + 1;
    }
}

/// The text up to a tag, without the white space around it, and the tag.
fn plain(text: &str) -> Option<(&str, &str)> {
    let (value, after) = text.split_at_checked(memchr(b'<', text.as_bytes())?)?;
    let unusual = value.bytes().any(|byte| matches!(byte, b'&' | b'>'));
    (!unusual).then(|| (value.trim(), after))
}
