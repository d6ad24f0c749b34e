//! Parses XML documents.

mod filled;
mod flat;
mod gap;
mod marks;
mod parts;
mod references;
mod typed;
mod walk;

use self::filled::Filled;
use self::walk::Walked;
use crate::callback::document::builder::Parsed;
use crate::callback::document::error::ParseError;
use crate::callback::document::format::Author;
use crate::callback::document::inline::Inline;
use crate::callback::document::limits::Limits;

/// Parses `document`, a slice of `text`.
///
/// The platform writes values as CDATA, as text or as a mixture of both, with surrounding
/// whitespace, with raw control characters, and as both forms of empty elements. All of them are
/// accepted. Attributes are ignored. A document type declaration is refused, so only the entities
/// predefined by XML exist.
///
/// In a push, the platform includes texts typed by users without escaping them. The result of the
/// XML parser is used if it proves that no user text has broken out of its element: each field
/// filled by a user occurs once and in one piece, and the document has no construct that could hide
/// a second occurrence. Otherwise the texts are read [as they were typed](typed).
pub(crate) fn parse(
    text: &str,
    document: &str,
    limits: Limits,
    author: Author,
) -> Result<Parsed, ParseError> {
    let start = text.len() - document.len();
    if let Some(flat) = flat::parse(text, start, limits)
        && (author == Author::Host || !repeats(&flat, text))
    {
        return Ok(flat.into());
    }
    read(text, document, limits, author)
}

/// Parses a document without the fast path for flat documents.
fn read(text: &str, document: &str, limits: Limits, author: Author) -> Result<Parsed, ParseError> {
    let walked = walk::walk(text, document, limits);
    if author == Author::Host {
        return walked.map(|walked| walked.builder.finish());
    }
    match walked {
        Ok(walked) if walked.is_final() => Ok(walked.builder.finish()),
        walked => match (walked, typed::read(text, document, limits)) {
            // If the lenient reader did not need its last-mark rule, no text was broken.
            (Ok(walked), Ok(typed)) if !typed.by_last_mark => Ok(walked.builder.finish()),
            (_, typed) => {
                let typed = typed?;
                Ok(typed.builder.finish().ambiguous(typed.is_ambiguous))
            }
        },
    }
}

/// Whether a field filled by a user occurs more than once.
fn repeats(flat: &Inline, text: &str) -> bool {
    let named = |name| flat.named(text.as_bytes(), name).next().unwrap_or_default();
    Filled::of(named("MsgType"), || named("Event")).is_some_and(|filled| {
        filled
            .names
            .iter()
            .any(|name| flat.named(text.as_bytes(), name).nth(1).is_some())
    })
}

impl Walked<'_> {
    /// Whether an element consists of one CDATA section or of plain text.
    fn is_one_piece(&self, node: usize) -> bool {
        self.builder.is_leaf(node) && !self.joined.contains(&node)
    }

    /// Whether it is proven that no user text created an element.
    fn is_final(&self) -> bool {
        let msg_type = self.builder.field("MsgType").unwrap_or_default();
        let event = || self.builder.field("Event").unwrap_or_default();
        let Some(filled) = Filled::of(msg_type, event) else {
            return true;
        };
        self.is_plain
            && filled.names.iter().all(|name| {
                let mut named = self.builder.named(name);
                let first = named.next();
                named.next().is_none() && first.is_none_or(|node| self.is_one_piece(node))
            })
    }
}

/// Whether only whitespace is left. Some senders append a NUL.
fn is_blank(rest: &str) -> bool {
    rest.trim_matches(|character: char| character == '\0' || character.is_whitespace())
        .is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::document::{Document, show};
    use proptest::prelude::*;

    fn parsed(text: &str) -> Result<String, ParseError> {
        Document::parse(text).map(|document| show(document.fields()))
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<!-- c --><xml a=\"1\">\n\
            <A><![CDATA[ x ]]></A> <B>\n 1 </B><C/><D></D><E>\n<![CDATA[y]]>\n</E>\
            <F> a<![CDATA[ b ]]>c <!-- c -->&lt;&#x41;&amp; </F><G>&#32;</G><H>\u{8}\u{1d}</H>\
            <M>a & b&nbsp;&#55357;&#56832;</M><I><![CDATA[]]> </I><J> &lt; </J><K>k<L>l</L> </K></xml>\n<!-- c -->\n";
        let values =
            "A= x ,B=1,C=,D=,E=y,F=a b c <A&,G= ,H=\u{8}\u{1d},M=a & b&nbsp;😀,I=,J=<,K(L=l)";
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

    /// Returns the names and texts in a parser's output, in order.
    fn elements(text: &str, parsed: Parsed) -> String {
        show(Document::of(text, parsed).fields())
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
        fn the_short_way_reads_as_the_parser_does(
            pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14),
            ends in prop::bool::weighted(0.8),
        ) {
            let mut text = pieces.concat();
            if ends {
                text = format!("<xml>{text}</xml>");
            }
            for limits in [Limits::DEFAULT, Limits::DEFAULT.elements(2), Limits::DEFAULT.field(3)] {
                for author in [Author::Platform, Author::Host] {
                    let [short, read] = [parse, read].map(|parse| {
                        let parsed = parse(&text, &text, limits, author);
                        parsed.map(|parsed| elements(&text, parsed))
                    });
                    prop_assert_eq!(short, read);
                }
            }
        }
    }

    /// Pieces of documents. They include whole elements, so that many of the documents are valid.
    const PIECES: &[&str] = &[
        "<MsgType><![CDATA[text]]></MsgType>",
        "<Content><![CDATA[",
        "]]></Content>",
        "<Content>a</Content>",
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
