//! Reads a document with an XML parser.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::callback::document::builder::Builder;
use crate::callback::document::error::ParseError;
use crate::callback::document::limits::Limits;
use crate::callback::document::xml::is_blank;
use crate::callback::document::xml::references::decoded;

/// The output of the XML parser.
pub(super) struct Walked<'a> {
    pub(super) builder: Builder<'a>,
    /// Whether the document has no attributes, comments or processing instructions. A leading XML
    /// declaration is permitted.
    pub(super) is_plain: bool,
    /// The elements whose value consists of several CDATA sections, or of CDATA and text.
    pub(super) joined: Vec<usize>,
}

pub(super) fn walk<'a>(
    text: &'a str,
    document: &'a str,
    limits: Limits,
) -> Result<Walked<'a>, ParseError> {
    let mut walked = Walked {
        builder: Builder::new(text, limits),
        is_plain: true,
        joined: Vec::new(),
    };
    let mut reader = Reader::from_str(document);
    // The platform writes a user's `&` as it is.
    reader.config_mut().allow_dangling_amp = true;
    let mut stack: Vec<Element<'a>> = Vec::with_capacity(4);
    let mut root = Root::Ahead;
    // References are decoded once the text is complete: two of them may form one character.
    let mut run = Cow::Borrowed("");
    loop {
        let event = reader.read_event().map_err(|_| ParseError::Syntax)?;
        match &event {
            Event::Text(piece) => {
                join(&mut run, piece.clone().into_inner());
                continue;
            }
            Event::GeneralRef(reference) => {
                run.to_mut().push_str(&format!("&{};", &**reference));
                continue;
            }
            _ => {}
        }
        if !run.is_empty() {
            match stack.last_mut() {
                Some(element) => element.text(std::mem::take(&mut run)),
                None if is_blank(&run) => run = Cow::Borrowed(""),
                None => return Err(ParseError::Syntax),
            }
        }
        match event {
            Event::Start(start) => {
                walked.is_plain &= start.attributes_raw().trim().is_empty();
                let name = start.name();
                stack.push(walked.begin(&mut root, &stack, name.as_ref(), false)?);
            }
            Event::Empty(start) => {
                walked.is_plain &= start.attributes_raw().trim().is_empty();
                let element = walked.begin(&mut root, &stack, start.name().as_ref(), true)?;
                walked.end(element)?;
            }
            Event::End(_) => {
                let element = stack.pop().ok_or(ParseError::Syntax)?;
                walked.end(element)?;
                if stack.is_empty() {
                    root = Root::Behind;
                }
            }
            Event::CData(piece) => {
                let element = stack.last_mut().ok_or(ParseError::Syntax)?;
                element.cdata(piece.into_inner());
            }
            Event::Decl(_) if root == Root::Ahead => {}
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => walked.is_plain = false,
            Event::DocType(_) => return Err(ParseError::Syntax),
            Event::Eof => break,
            Event::Text(_) | Event::GeneralRef(_) => {}
        }
    }
    match root {
        Root::Behind => Ok(walked),
        Root::Ahead | Root::Inside => Err(ParseError::Syntax),
    }
}

/// The position of the parser relative to the root, of which a document has one.
#[derive(PartialEq)]
enum Root {
    Ahead,
    Inside,
    Behind,
}

/// An open element. Its value is collected piece by piece.
#[derive(Default)]
struct Element<'a> {
    /// Its node; `None` for the root.
    node: Option<usize>,
    value: Cow<'a, str>,
    /// The length of the value without trailing whitespace of text.
    keep: usize,
    sections: usize,
    has_text: bool,
}

impl<'a> Walked<'a> {
    fn begin(
        &mut self,
        root: &mut Root,
        stack: &[Element<'_>],
        name: &str,
        empty: bool,
    ) -> Result<Element<'a>, ParseError> {
        match (&*root, empty) {
            (Root::Behind, _) => return Err(ParseError::Syntax),
            (Root::Ahead, empty) => {
                *root = if empty { Root::Behind } else { Root::Inside };
                return Ok(Element::default());
            }
            (Root::Inside, _) => {}
        }
        // The root is on the stack, but does not count.
        if stack.len() > self.builder.limits().depth {
            return Err(ParseError::Limit);
        }
        let name = self.builder.span(name)?;
        Ok(Element {
            node: Some(self.builder.open(name)?),
            ..Element::default()
        })
    }

    fn end(&mut self, element: Element<'a>) -> Result<(), ParseError> {
        let Some(node) = element.node else {
            return Ok(());
        };
        if element.sections > 1 || element.sections == 1 && element.has_text {
            self.joined.push(node);
        }
        let value = element.value.get(..element.keep).unwrap_or_default();
        let value = match &element.value {
            Cow::Borrowed(_) => self.builder.span(value)?,
            Cow::Owned(_) => self.builder.keep(value)?,
        };
        self.builder.close(node, value)
    }
}

impl<'a> Element<'a> {
    /// Adds text. Whitespace at both ends of the value is removed.
    fn text(&mut self, piece: Cow<'a, str>) {
        let first = self.value.is_empty();
        let start = if first {
            piece.trim_start().len()
        } else {
            piece.len()
        };
        let start = piece.len() - start;
        let end = piece.trim_end().len().max(start);
        let (written, space) = match piece {
            Cow::Borrowed(piece) => (
                decoded(piece.get(start..end).unwrap_or_default()),
                piece.get(end..).unwrap_or_default().into(),
            ),
            Cow::Owned(piece) => (
                Cow::Owned(decoded(piece.get(start..end).unwrap_or_default()).into_owned()),
                Cow::Owned(piece.get(end..).unwrap_or_default().to_owned()),
            ),
        };
        let is_written = !written.is_empty();
        join(&mut self.value, written);
        if is_written {
            self.has_text = true;
            self.keep = self.value.len();
        }
        join(&mut self.value, space);
    }

    /// Adds the content of a CDATA section, without removing whitespace.
    fn cdata(&mut self, piece: Cow<'a, str>) {
        self.sections += 1;
        join(&mut self.value, piece);
        self.keep = self.value.len();
    }
}

fn join<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.is_empty() {
        *text = piece;
    } else if !piece.is_empty() {
        text.to_mut().push_str(&piece);
    }
}
