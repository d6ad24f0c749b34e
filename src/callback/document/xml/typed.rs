//! Reads a push whose structure is broken by a user's text, preserving the text as typed.
//!
//! The platform writes a text between CDATA marks without escaping it. A text that contains such
//! marks or elements ends at the platform's last end mark. Everything after that mark, and
//! everything before the first field filled by a user, comes from the platform. Markup in between
//! is text and starts no element.

use std::borrow::Cow;

use memchr::memmem;

use crate::callback::document::builder::Builder;
use crate::callback::document::error::ParseError;
use crate::callback::document::limits::Limits;
use crate::callback::document::xml::filled::Filled;
use crate::callback::document::xml::marks::{end_tag, first_end};
use crate::callback::document::xml::parts::Parts;
use crate::callback::document::xml::references::decoded;
use crate::callback::document::xml::{is_blank, marks};

const CDATA: &str = "<![CDATA[";
const CDATA_END: &str = "]]>";

/// The result of reading a document.
pub(super) struct Typed<'a> {
    pub(super) builder: Builder<'a>,
    /// Whether the end of a text was determined by the platform's last end mark.
    pub(super) by_last_mark: bool,
    /// Whether the boundary between two texts is uncertain.
    pub(super) is_ambiguous: bool,
}

/// Reads `document`, a slice of `text`.
pub(super) fn read<'a>(
    text: &'a str,
    document: &'a str,
    limits: Limits,
) -> Result<Typed<'a>, ParseError> {
    let reader = Reader {
        document,
        at: 0,
        open: Vec::with_capacity(4),
        msg_type: None,
        event: None,
        typed: Typed {
            builder: Builder::new(text, limits),
            by_last_mark: false,
            is_ambiguous: false,
        },
    };
    reader.read()
}

/// An open element.
struct Open<'a> {
    name: &'a str,
    /// Its node; `None` for the root.
    node: Option<usize>,
}

/// Reads the platform's elements from start to end.
struct Reader<'a> {
    document: &'a str,
    at: usize,
    open: Vec<Open<'a>>,
    msg_type: Option<&'a str>,
    event: Option<&'a str>,
    typed: Typed<'a>,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<Typed<'a>, ParseError> {
        loop {
            // Text between elements has no meaning.
            let tag = memchr::memchr(b'<', self.rest().as_bytes()).ok_or(ParseError::Syntax)?;
            if self.open.is_empty() && !is_blank(self.rest().get(..tag).unwrap_or_default()) {
                return Err(ParseError::Syntax);
            }
            self.at += tag;
            if self.take("</") {
                let name = self.up_to(">")?.trim_end();
                let open = self.open.pop().filter(|open| open.name == name);
                let node = open.ok_or(ParseError::Syntax)?.node;
                let Some(node) = node else {
                    break;
                };
                self.typed.builder.close(node, Default::default())?;
            } else if self.take("<!--") {
                self.up_to("-->")?;
            } else if self.take("<?") {
                self.up_to("?>")?;
            } else if self.take(CDATA) {
                self.up_to(CDATA_END)?;
            } else if self.take("<!") {
                return Err(ParseError::Syntax);
            } else {
                self.at += 1;
                self.element()?;
                if self.open.is_empty() {
                    break;
                }
            }
        }
        while !is_blank(self.rest()) {
            self.skip_blank();
            if !self.take("<!--") {
                return Err(ParseError::Syntax);
            }
            self.up_to("-->")?;
        }
        Ok(self.typed)
    }

    /// Reads an element after its `<`, up to its end or its first child.
    fn element(&mut self) -> Result<(), ParseError> {
        let (name, is_empty) = self.tag()?;
        if self.open.is_empty() {
            if !is_empty {
                self.open.push(Open { name, node: None });
            }
            return Ok(());
        }
        // The root is open, but does not count.
        if self.open.len() > self.typed.builder.limits().depth {
            return Err(ParseError::Limit);
        }
        if is_empty {
            return self.add(name, "".into());
        }
        let start = self.at;
        self.skip_blank();
        if self.take(CDATA) {
            if let Some(filled) = self.filled(name)
                && self.users_part(filled, name)?
            {
                return Ok(());
            }
            let (value, behind) =
                first_end(self.document, self.at, name).ok_or(ParseError::Syntax)?;
            let value = self.document.get(self.at..value).unwrap_or_default();
            self.at = behind;
            self.note(name, value);
            return self.add(name, without_joints(value));
        }
        let rest = self.document.get(start..).unwrap_or_default();
        let len = memchr::memchr(b'<', rest.as_bytes()).ok_or(ParseError::Syntax)?;
        let value = rest.get(..len).unwrap_or_default().trim();
        self.at = start + len;
        if let Some(behind) = end_tag(self.document, self.at, name) {
            self.at = behind;
            self.note(name, value);
            return self.add(name, decoded(value));
        }
        let span = self.typed.builder.span(name)?;
        let node = Some(self.typed.builder.open(span)?);
        self.open.push(Open { name, node });
        Ok(())
    }

    /// Returns the fields that users fill in this document, if `name` is one of them at this level.
    fn filled(&self, name: &str) -> Option<&'static Filled> {
        let filled = Filled::of(self.msg_type?, || self.event.unwrap_or_default())?;
        let parent = match &*self.open {
            [_root] => None,
            [_root, parent] => Some(parent.name),
            _ => return None,
        };
        (filled.parent == parent && filled.position(name).is_some()).then_some(filled)
    }

    /// Reads what users filled, from inside the first CDATA section to the last end mark. Returns
    /// `false` if there is no end mark.
    fn users_part(&mut self, filled: &'static Filled, first: &str) -> Result<bool, ParseError> {
        let Some(parts) = Parts::find(self.document, self.at, filled, first) else {
            return Ok(false);
        };
        for (name, value) in parts.fields {
            let value = self.document.get(value).unwrap_or_default();
            self.add(name, without_joints(value))?;
        }
        self.at = parts.end;
        self.typed.by_last_mark = true;
        self.typed.is_ambiguous |= parts.is_ambiguous;
        Ok(true)
    }

    /// Records the fields that determine the kind of the push.
    fn note(&mut self, name: &str, value: &'a str) {
        if self.open.len() != 1 {
            return;
        }
        // The first one counts: the platform writes both before any text of a user.
        match name {
            "MsgType" => self.msg_type = self.msg_type.or(Some(value)),
            "Event" => self.event = self.event.or(Some(value)),
            _ => {}
        }
    }

    fn add(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), ParseError> {
        let builder = &mut self.typed.builder;
        let name = builder.span(name)?;
        let node = builder.open(name)?;
        let value = match value {
            Cow::Borrowed(value) => builder.span(value)?,
            Cow::Owned(value) => builder.keep(&value)?,
        };
        builder.close(node, value)
    }

    /// Consumes a start tag. Returns its name and whether the element is empty.
    fn tag(&mut self) -> Result<(&'a str, bool), ParseError> {
        let mut quote = None;
        // The value of an attribute can contain `>`.
        let end = self.rest().bytes().position(|byte| match (quote, byte) {
            (None, b'>') => true,
            (None, b'"' | b'\'') => {
                quote = Some(byte);
                false
            }
            (Some(open), _) if open == byte => {
                quote = None;
                false
            }
            _ => false,
        });
        let tag = self.rest().get(..end.ok_or(ParseError::Syntax)?);
        let tag = tag.unwrap_or_default();
        self.at += tag.len() + 1;
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.split_ascii_whitespace().next();
        let name = name.filter(|name| tag.starts_with(name));
        Ok((name.ok_or(ParseError::Syntax)?, is_empty))
    }

    fn rest(&self) -> &'a str {
        self.document.get(self.at..).unwrap_or_default()
    }

    /// Consumes `expected` if it is next.
    fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    /// Consumes the text up to and including `mark`. Returns the text before it.
    fn up_to(&mut self, mark: &str) -> Result<&'a str, ParseError> {
        let rest = self.rest();
        let len = memmem::find(rest.as_bytes(), mark.as_bytes()).ok_or(ParseError::Syntax)?;
        self.at += len + mark.len();
        Ok(rest.get(..len).unwrap_or_default())
    }

    fn skip_blank(&mut self) {
        self.at += marks::blank(self.rest());
    }
}

/// Joins CDATA end marks that were split into two sections.
fn without_joints(value: &str) -> Cow<'_, str> {
    const JOINT: &str = "]]]]><![CDATA[>";
    if value.contains(JOINT) {
        value.replace(JOINT, CDATA_END).into()
    } else {
        value.into()
    }
}
