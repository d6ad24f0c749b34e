//! XML documents into a tree, in one pass.

mod flat;

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::callback::tree::{Builder, Limits, ParseError, Parsed};

/// Parses `document`, which lies in `text`.
///
/// The platform writes values as CDATA, as text, as both mixed, with white space around, with raw
/// control characters, and as empty elements of either kind; all of them are taken. Attributes are
/// ignored. A document type is refused, and with it every entity that XML does not define itself.
pub(crate) fn parse(text: &str, document: &str, limits: Limits) -> Result<Parsed, ParseError> {
    let start = text.len() - document.len();
    match flat::parse(text, start, limits) {
        Some(flat) => Ok(flat.into()),
        None => walk(text, document, limits),
    }
}

fn walk(text: &str, document: &str, limits: Limits) -> Result<Parsed, ParseError> {
    let mut builder = Builder::new(text, limits);
    let mut reader = Reader::from_str(document);
    let mut stack: Vec<Element<'_>> = Vec::with_capacity(4);
    let mut root = Root::Ahead;
    loop {
        match reader.read_event().map_err(|_| ParseError::Syntax)? {
            Event::Start(start) => {
                let element = begin(
                    &mut builder,
                    &mut root,
                    &stack,
                    start.name().as_ref(),
                    false,
                )?;
                stack.push(element);
            }
            Event::Empty(start) => {
                let element = begin(&mut builder, &mut root, &stack, start.name().as_ref(), true)?;
                element.end(&mut builder)?;
            }
            Event::End(_) => {
                stack.pop().ok_or(ParseError::Syntax)?.end(&mut builder)?;
                if stack.is_empty() {
                    root = Root::Behind;
                }
            }
            Event::Text(piece) => match stack.last_mut() {
                Some(element) => element.text(piece.into_inner()),
                None if piece.trim().is_empty() => {}
                None => return Err(ParseError::Syntax),
            },
            Event::CData(piece) => {
                let element = stack.last_mut().ok_or(ParseError::Syntax)?;
                element.exact(piece.into_inner());
            }
            Event::GeneralRef(reference) => {
                let element = stack.last_mut().ok_or(ParseError::Syntax)?;
                let piece = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Cow::Owned(character.to_string()),
                    Ok(None) => Cow::Borrowed(predefined(&reference).ok_or(ParseError::Syntax)?),
                    Err(_) => return Err(ParseError::Syntax),
                };
                element.exact(piece);
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::DocType(_) => return Err(ParseError::Syntax),
            Event::Eof => break,
        }
    }
    match root {
        Root::Behind => Ok(builder.finish()),
        Root::Ahead | Root::Inside => Err(ParseError::Syntax),
    }
}

/// Where the parser is; a document has one root.
#[derive(PartialEq)]
enum Root {
    Ahead,
    Inside,
    Behind,
}

/// An element that is open. Its value grows piece by piece.
#[derive(Default)]
struct Element<'a> {
    /// Its node; the root has none.
    node: Option<usize>,
    value: Cow<'a, str>,
    /// How much of the value stays when the white space at its end is cut off.
    keep: usize,
}

fn begin<'a>(
    builder: &mut Builder<'_>,
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
    if stack.len() > builder.limits().depth {
        return Err(ParseError::Limit);
    }
    let name = builder.span(name)?;
    Ok(Element {
        node: Some(builder.open(name)?),
        ..Element::default()
    })
}

impl<'a> Element<'a> {
    /// Adds text, whose white space does not count at either end of the value.
    fn text(&mut self, piece: Cow<'a, str>) {
        let piece = match piece {
            Cow::Borrowed(piece) if self.value.is_empty() => Cow::Borrowed(piece.trim_start()),
            piece => piece,
        };
        let trimmed = piece.trim_end().len();
        let before = self.value.len();
        self.push(piece);
        if trimmed > 0 {
            self.keep = before + trimmed;
        }
    }

    /// Adds a piece that stays as it is.
    fn exact(&mut self, piece: Cow<'a, str>) {
        self.push(piece);
        self.keep = self.value.len();
    }

    fn push(&mut self, piece: Cow<'a, str>) {
        if self.value.is_empty() {
            self.value = piece;
        } else if !piece.is_empty() {
            self.value.to_mut().push_str(&piece);
        }
    }

    fn end(self, builder: &mut Builder<'_>) -> Result<(), ParseError> {
        let Some(node) = self.node else {
            return Ok(());
        };
        let value = self.value.get(..self.keep).unwrap_or_default();
        let value = match &self.value {
            Cow::Borrowed(_) => builder.span(value)?,
            Cow::Owned(_) => builder.keep(value)?,
        };
        builder.close(node, value)
    }
}

/// The entities that XML defines itself.
fn predefined(name: &str) -> Option<&'static str> {
    Some(match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::tree::{Fields, Tree};
    use proptest::prelude::*;

    fn show(fields: Fields<'_>) -> String {
        let shown = fields.map(|field| match field.children().next() {
            None => format!("{}={}", field.name(), field.text()),
            Some(_) => format!("{}({})", field.name(), show(field.children())),
        });
        shown.collect::<Vec<_>>().join(",")
    }

    fn parsed(text: &str) -> Result<String, ParseError> {
        Tree::parse(text).map(|tree| show(tree.fields()))
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<!-- c --><xml a=\"1\">\n\
            <A><![CDATA[ x ]]></A> <B>\n 1 </B><C/><D></D><E>\n<![CDATA[y]]>\n</E>\
            <F> a<![CDATA[ b ]]>c <!-- c -->&lt;&#x41;&amp; </F><G>&#32;</G><H>\u{8}\u{1d}</H>\
            <I><![CDATA[]]> </I><J> &lt; </J><K>k<L>l</L> </K></xml>\n<!-- c -->\n";
        let values = "A= x ,B=1,C=,D=,E=y,F=a b c <A&,G= ,H=\u{8}\u{1d},I=,J=<,K(L=l)";
        assert_eq!(parsed(text).as_deref(), Ok(values));
    }

    #[test]
    fn nested_and_repeated_elements_keep_their_order() {
        let text = "<xml><P><I><M>1</M></I><I><M>2</M><N/></I></P><Q>3</Q></xml>";
        assert_eq!(parsed(text).as_deref(), Ok("P(I(M=1),I(M=2,N=)),Q=3"));
        assert_eq!(parsed("<xml/>").as_deref(), Ok(""));
    }

    #[test]
    fn what_is_not_one_plain_document_is_refused() {
        for wrong in [
            "<!DOCTYPE xml [<!ENTITY e \"x\">]><xml><A>&e;</A></xml>",
            "<xml><!DOCTYPE a></xml>",
            "<xml><A>&e;</A></xml>",
            "<xml><A>&#0;</A></xml>",
            "<xml><A>a&b</A></xml>",
            "<xml><A></B></xml>",
            "<xml><A>",
            "<xml></xml></xml>",
            "<xml></xml><xml></xml>",
            "<xml/><xml/>",
            "<xml></xml>junk",
            "<xml></xml><![CDATA[junk]]>",
            "<!-- only -->",
            "<xml",
            "<xml><A><![CDATA[a</A></xml>",
        ] {
            assert_eq!(parsed(wrong), Err(ParseError::Syntax), "{wrong}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let nested = |depth| format!("<xml>{}{}</xml>", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(parsed(&nested(Limits::DEFAULT.depth)).is_ok());
        assert_eq!(
            parsed(&nested(Limits::DEFAULT.depth + 1)),
            Err(ParseError::Limit)
        );
        let many = |number| format!("<xml>{}</xml>", "<a/>".repeat(number));
        assert!(parsed(&many(Limits::DEFAULT.elements)).is_ok());
        assert_eq!(
            parsed(&many(Limits::DEFAULT.elements + 1)),
            Err(ParseError::Limit)
        );
    }

    /// What a parser made of a document, names and texts in order.
    fn elements(text: &str, parsed: Parsed) -> String {
        show(Tree::of(text, parsed).fields())
    }

    #[test]
    fn the_plain_shape_needs_no_parser() {
        let text =
            "<xml>\n<A><![CDATA[a ]]></A> <B> 1\n</B><C></C><A><![CDATA[<a>b</a>]]></A></xml>\n";
        let flat = flat::parse(text, 0, Limits::DEFAULT).unwrap();
        assert_eq!(elements(text, flat.into()), "A=a ,B=1,C=,A=<a>b</a>");
    }

    proptest! {
        #[test]
        fn whatever_is_read_without_the_parser_is_read_alike_by_it(
            pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14),
            ends in prop::bool::weighted(0.8),
        ) {
            let mut text = pieces.concat();
            if ends {
                text = format!("<xml>{text}</xml>");
            }
            for limits in [Limits::DEFAULT, Limits::DEFAULT.elements(2), Limits::DEFAULT.field(3)] {
                if let Some(flat) = flat::parse(&text, 0, limits) {
                    let walked = walk(&text, &text, limits);
                    let walked = walked.map(|parsed| elements(&text, parsed));
                    prop_assert_eq!(Ok(elements(&text, flat.into())), walked);
                }
            }
        }
    }

    /// Pieces of documents; whole elements so that many of the documents are read.
    const PIECES: &[&str] = &[
        "<A>",
        "</A>",
        "<A>1</A>",
        "<A> 1 </A>",
        "<B><![CDATA[b]]></B>",
        "<B><![CDATA[]]]]></B>",
        "<B>\u{a0}</B>",
        "<B>\u{b}\r\n\u{8}</B>",
        "<1>1</1>",
        "<_1>你</_1>",
        "<a.b>1</a.b>",
        "<A/>",
        "<A >1</A>",
        "<A>1</A >",
        "<A a=\"1\">1</A>",
        "<![CDATA[",
        "]]>",
        "]",
        ">",
        "<",
        " ",
        "\n",
        "\u{feff}",
        "&lt;",
        "&amp",
        "<!-- c -->",
        "<?p?>",
        "<!DOCTYPE a>",
        "<xml>",
        "</xml>",
        "text",
    ];
}
