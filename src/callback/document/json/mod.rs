//! Parses JSON documents.

mod escapes;

use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::callback::document::builder::{Builder, Parsed};
use crate::callback::document::error::ParseError;
use crate::callback::document::json::escapes::unescaped;
use crate::callback::document::limits::Limits;
use crate::callback::document::span::Span;
use crate::callback::document::substr_range::substr_range;
use crate::json::without_controls;

/// Parses `document`, a slice of `text`.
///
/// A list becomes repeated elements with the same name, as in XML. A list of one element is
/// therefore equal to that element. Numbers keep their text. `null` becomes an empty value.
pub(crate) fn parse(text: &str, document: &str, limits: Limits) -> Result<Parsed, ParseError> {
    // Some senders append a NUL.
    let document = document.trim_end_matches(['\0', ' ', '\t', '\r', '\n']);
    walk(text, text, document, limits).or_else(|error| {
        if error != ParseError::Syntax {
            return Err(error);
        }
        // Offsets are kept, so the values are sliced from the original text.
        let clean = without_controls(text);
        let place = substr_range(text, document).unwrap_or_default();
        walk(text, &clean, clean.get(place).unwrap_or_default(), limits)
    })
}

/// Parses `document`, a slice of `clean`. `clean` equals `text`, except that raw control characters
/// may be replaced.
fn walk(text: &str, clean: &str, document: &str, limits: Limits) -> Result<Parsed, ParseError> {
    let mut walk = Walk {
        builder: Builder::new(clean, limits),
        text,
        failure: None,
    };
    walk.inside(document, Span::default(), 0)?;
    Ok(walk.builder.finish())
}

struct Walk<'a> {
    builder: Builder<'a>,
    /// The document as received.
    text: &'a str,
    /// The error that stopped the parser; serde's error type cannot carry it.
    failure: Option<ParseError>,
}

impl<'a> Walk<'a> {
    /// Parses the content of an object or a list.
    fn inside(&mut self, raw: &'a str, name: Span, depth: usize) -> Result<(), ParseError> {
        if depth >= self.builder.limits().depth {
            return Err(ParseError::Limit);
        }
        let mut json = serde_json::Deserializer::from_str(raw);
        let walk = &mut *self;
        json.deserialize_any(Inside { walk, name, depth })
            .and_then(|()| json.end())
            .map_err(|_| self.failure.unwrap_or(ParseError::Syntax))
    }

    fn value(&mut self, name: Span, raw: &'a str, depth: usize) -> Result<(), ParseError> {
        let kind = raw.bytes().next();
        if kind == Some(b'[') {
            return self.inside(raw, name, depth + 1);
        }
        let node = self.builder.open(name)?;
        let value = match kind {
            Some(b'{') => {
                self.inside(raw, name, depth + 1)?;
                Span::default()
            }
            Some(b'"') => self.string(raw)?,
            Some(b'n') => Span::default(),
            _ => self.builder.span(raw)?,
        };
        self.builder.close(node, value)
    }

    /// Returns the range of a quoted string's text.
    fn string(&mut self, quoted: &'a str) -> Result<Span, ParseError> {
        let inside = quoted
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        let inside = inside.ok_or(ParseError::Syntax)?;
        if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
            return self.builder.span(inside);
        }
        // Decoded from the text as received, in which control characters are not replaced.
        let place = self.builder.place(inside).ok_or(ParseError::Syntax)?;
        let received = self.text.get(place).ok_or(ParseError::Syntax)?;
        self.builder.keep(&unescaped(received))
    }
}

struct Inside<'w, 'a> {
    walk: &'w mut Walk<'a>,
    name: Span,
    depth: usize,
}

impl Inside<'_, '_> {
    fn check<E: serde::de::Error>(&mut self, result: Result<(), ParseError>) -> Result<(), E> {
        result.map_err(|error| {
            self.walk.failure = Some(error);
            E::custom("parsing was aborted")
        })
    }
}

impl<'a> Visitor<'a> for Inside<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<M: MapAccess<'a>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            let result = self
                .walk
                .string(name.get())
                .and_then(|name| self.walk.value(name, value.get(), self.depth));
            self.check(result)?;
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'a>>(mut self, mut list: S) -> Result<(), S::Error> {
        while let Some(value) = list.next_element::<&RawValue>()? {
            let result = self.walk.value(self.name, value.get(), self.depth);
            self.check(result)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::document::{Document, show};

    fn parsed(text: &str) -> Result<String, ParseError> {
        Document::parse(text).map(|document| show(document.fields()))
    }

    #[test]
    fn scalars_keep_their_text() {
        let text = r#" {"a":"x y","b":1864323726461255680,"c":-7,"d":119.385040,"e":true,
            "f":false,"g":null,"h":"","i":99999999999999999999999,"j":"\u4f60\/\"","k\t":"","a":2} "#;
        let values = "a=x y,b=1864323726461255680,c=-7,d=119.385040,e=true,f=false,g=,h=,\
            i=99999999999999999999999,j=你/\",k\t=,a=2";
        assert_eq!(parsed(text).as_deref(), Ok(values));
    }

    #[test]
    fn a_list_and_its_only_element_look_the_same() {
        let one = parsed(r#"{"List":{"id":1,"in":{"x":"y"}},"z":2}"#);
        assert_eq!(one.as_deref(), Ok("List(id=1,in(x=y)),z=2"));
        assert_eq!(one, parsed(r#"{"List":[{"id":1,"in":{"x":"y"}}],"z":2}"#));
        let more = parsed(r#"{"List":[1,[2,"3"],{"a":[]}]}"#);
        assert_eq!(more.as_deref(), Ok("List=1,List=2,List=3,List="));
    }

    #[test]
    fn raw_control_characters_inside_strings_are_taken() {
        let text = "\u{feff}{\n\"a\u{8}\":\"x\n\\\"\u{14}\",\n\"b\":\"\n\"}";
        assert_eq!(parsed(text).as_deref(), Ok("a\u{8}=x\n\"\u{14},b=\n"));
        assert_eq!(parsed("{\"a\":1\u{8}}"), Err(ParseError::Syntax));
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for wrong in ["{", "{}x", "{}{}", r#"{"a":}"#, r#"{a:1}"#, "{\"a\":[1}"] {
            assert_eq!(parsed(wrong), Err(ParseError::Syntax), "{wrong}");
        }
        assert_eq!(parsed("{}").as_deref(), Ok(""));
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let nested = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(parsed(&nested(Limits::DEFAULT.depth)).is_ok());
        assert_eq!(
            parsed(&nested(Limits::DEFAULT.depth + 1)),
            Err(ParseError::Limit)
        );
        let lists = format!("{{\"a\":{}{}}}", "[".repeat(9999), "]".repeat(9999));
        assert_eq!(parsed(&lists), Err(ParseError::Limit));
        let many = |number| format!("{{\"a\":[{}0]}}", "0,".repeat(number - 1));
        assert!(parsed(&many(Limits::DEFAULT.elements)).is_ok());
        assert_eq!(
            parsed(&many(Limits::DEFAULT.elements + 1)),
            Err(ParseError::Limit)
        );
    }
}
