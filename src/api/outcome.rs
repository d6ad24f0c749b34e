//! Reads whether a call succeeded: the errcode of a response, independently of its other fields.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::errcode::{Code, string};
use super::wire;
use crate::error::{ErrCode, Error, ErrorKind, Refusal};

/// The outcome of a response that is not a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The errcode is 0.
    Success,
    /// There is no errcode, as in most responses that hold data.
    Unstated,
}

/// Reads the outcome of a call from its response.
///
/// # Errors
/// Returns [`ErrorKind::Platform`] for a refusal, and [`ErrorKind::Answer`] if the response is not
/// a JSON object or its errcode is not an integer.
pub(super) fn read(body: &[u8]) -> Result<Outcome, Error> {
    let answer = |message| Error::new(ErrorKind::Answer, message);
    let Some((found, end)) = scan(body) else {
        return Err(answer(
            "could not parse the response: it is not a JSON object",
        ));
    };
    if let Some(refusal) = found.refusal() {
        return Err(Error::platform(refusal));
    }
    end.map_err(|error| wire::not_understood(&error))?;
    match found.code {
        Code::Absent => Ok(Outcome::Unstated),
        Code::Zero => Ok(Outcome::Success),
        Code::Unreadable | Code::Refused(_) => {
            Err(answer("the errcode of the response is not an integer"))
        }
    }
}

/// Returns the refusal in `body`, if it is one.
pub(super) fn refusal(body: &[u8]) -> Option<Refusal> {
    scan(body)?.0.refusal()
}

/// The fields found in a response.
#[derive(Debug, Default)]
struct Found {
    code: Code,
    errmsg: Option<String>,
}

impl Found {
    fn refusal(&self) -> Option<Refusal> {
        let Code::Refused(number) = self.code else {
            return None;
        };
        let errmsg = self.errmsg.as_deref().unwrap_or_default();
        Some(Refusal::new(ErrCode::new(number), errmsg))
    }
}

/// Scans an object for its errcode, and scans it again with its text repaired after a syntax error.
/// Returns `None` if the body is not an object.
///
/// What was found before the error counts, unless the object is cut off there: a truncated number
/// is another number.
fn scan(body: &[u8]) -> Option<(Found, serde_json::Result<()>)> {
    let body = wire::text(body);
    if body.first() != Some(&b'{') {
        return None;
    }
    let mut found = Found::default();
    let mut end = found.scan(body);
    if is(&end, Category::Syntax) {
        end = found.scan(wire::repair(body).as_bytes());
    } else if is(&end, Category::Eof) {
        found = Found::default();
    }
    Some((found, end))
}

fn is(end: &serde_json::Result<()>, category: Category) -> bool {
    end.as_ref()
        .is_err_and(|error| error.classify() == category)
}

impl Found {
    fn scan(&mut self, object: &[u8]) -> serde_json::Result<()> {
        let mut deserializer = serde_json::Deserializer::from_slice(object);
        self.deserialize(&mut deserializer)?;
        deserializer.end()
    }
}

impl<'de> DeserializeSeed<'de> for &mut Found {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Found {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "lowercase")]
        enum Field {
            Errcode,
            Errmsg,
            #[serde(other)]
            Other,
        }

        while let Some(field) = object.next_key()? {
            match field {
                // With duplicate keys, a refusal must win over a zero.
                Field::Errcode => self.code = self.code.max(Code::read(object.next_value()?)),
                Field::Errmsg => {
                    let shown = shown(object.next_value()?);
                    self.errmsg = self.errmsg.take().or(shown);
                }
                Field::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Returns a value as text for people, or `None` if it has no short text.
fn shown(raw: &RawValue) -> Option<String> {
    match raw.get().bytes().next()? {
        b'"' => string(raw),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.get().to_owned()),
    }
}
