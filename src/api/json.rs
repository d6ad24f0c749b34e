//! The platform's JSON: UTF-8 by name, with a refusal in place of an answer under HTTP 200.

use bytes::Bytes;
use memchr::memmem;
use serde::de::DeserializeOwned;

use super::outcome::{self, Outcome};
use super::salvage::{self, Fault};
use super::wire::{not_understood, repair, text};
use crate::error::{ErrCode, Error, ErrorKind, Refusal};

/// Reads an answer, or the refusal that stands in its place.
pub(super) fn decode<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    outcome::read(body)?;
    parse(body).map_err(faulty)
}

/// Reads an answer whose only content is an errcode of 0.
pub(super) fn done(body: &Bytes) -> Result<(), Error> {
    match outcome::read(body)? {
        Outcome::Success => Ok(()),
        Outcome::Unstated => Err(Error::new(
            ErrorKind::Answer,
            "the answer has no errcode, and this call succeeds with 0 only",
        )),
    }
}

fn faulty(fault: Fault) -> Error {
    let reason = match fault {
        Fault::Syntax(error) => return not_understood(&error),
        Fault::Field(field) => format!("its field {field} is missing, empty or of another type"),
        Fault::Form => "it is of another form".to_owned(),
    };
    Error::new(
        ErrorKind::Answer,
        format!("the answer was not understood: {reason}"),
    )
}

/// Reads an answer that [`verdict`] accepted.
pub(super) fn accepted<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    parse(body).map_err(faulty)
}

/// What an answer is found to be before it is parsed into a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A refusal with this code.
    Refused(ErrCode),
    /// A JSON object that is no refusal.
    Accepted,
    /// Not a JSON object, or one that is damaged: its type decides.
    Open,
}

/// Judges an answer. One without an errcode, as most answers with data are, is not parsed.
pub(crate) fn verdict(body: &[u8]) -> Verdict {
    let body = text(body);
    if body.first() != Some(&b'{') {
        return Verdict::Open;
    }
    // A name can also be written with escapes, each of which has a backslash.
    let may_have_errcode =
        memmem::find(body, b"errcode").is_some() || memchr::memchr(b'\\', body).is_some();
    if !may_have_errcode {
        return Verdict::Accepted;
    }
    match outcome::read(body) {
        Ok(_) => Verdict::Accepted,
        Err(error) => error.errcode().map_or(Verdict::Open, Verdict::Refused),
    }
}

/// The refusal that a body may be.
pub(super) fn refusal(body: &[u8]) -> Option<Refusal> {
    outcome::refusal(body)
}

/// Parses, and once more with the text repaired and without the fields that are of another form:
/// nicknames arrive with raw control characters, with bytes that are not UTF-8 and with halves of
/// characters, and what is not known as `null`, `""` or `[]`.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let body = text(body);
    serde_json::from_slice(body).or_else(|_| salvage::read(&repair(body)))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct User {
        nickname: String,
    }

    fn nickname(body: &'static [u8]) -> String {
        decode::<User>(&Bytes::from_static(body)).unwrap().nickname
    }

    #[test]
    fn control_characters_in_strings_become_spaces() {
        assert_eq!(nickname(b"{\"nickname\":\"a\x08b\x14c\n\"}"), "a b c ");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(nickname(b"{\"nickname\":\"\xc4\xe3\"}"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn escapes_survive_the_repair() {
        assert_eq!(
            nickname(br#"{"nickname":"http:\/\/x\"\\"}"#),
            r#"http://x"\"#
        );
        assert_eq!(nickname(b"{\"nickname\":\"\\\"\\\\ \x01\\/\"}"), "\"\\  /");
    }

    #[test]
    fn a_refusal_is_an_error_whatever_the_type_of_its_code() {
        for body in [
            r#"{"errcode":40029,"errmsg":"invalid code rid: 1-2-3"}"#,
            r#"{"errcode":"40029","errmsg":"invalid code rid: 1-2-3"}"#,
        ] {
            let error = decode::<User>(&Bytes::from(body)).unwrap_err();
            assert_eq!(error.errcode(), Some(ErrCode::INVALID_CODE));
            assert_eq!(error.errmsg(), Some("invalid code"));
            assert_eq!(error.rid(), Some("1-2-3"));
        }
    }

    #[test]
    fn an_errcode_of_zero_is_success() {
        assert_eq!(
            nickname(br#"{"errcode":0,"errmsg":"ok","nickname":"x"}"#),
            "x"
        );
    }

    #[test]
    fn what_is_not_understood_is_not_quoted() {
        let body = Bytes::from(r#"{"nickname":["s3cr3t"]}"#);
        let error = decode::<User>(&body).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer);
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }

    #[test]
    fn half_a_body_is_an_error() {
        let error = decode::<User>(&Bytes::from(r#"{"nickname":"x"#)).unwrap_err();
        assert!(error.to_string().contains("ends too early"), "{error}");
    }
}
