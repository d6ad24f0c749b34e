//! Reads the platform's JSON. A refusal also comes under HTTP 200, and the text is not always
//! UTF-8.

use bytes::Bytes;
use memchr::memmem;
use serde::de::DeserializeOwned;

use super::outcome::{self, Outcome};
use super::salvage::{self, Fault};
use super::wire::{not_understood, repair, text};
use crate::error::{ErrCode, Error, ErrorKind, Refusal};

/// Decodes a response, or returns the refusal in it as an error.
pub(super) fn decode<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    // First: a refusal can also contain every field of `T`.
    outcome::read(body)?;
    accepted(body)
}

/// Checks a response whose only content is an errcode of 0.
pub(super) fn done(body: &Bytes) -> Result<(), Error> {
    match outcome::read(body)? {
        Outcome::Success => Ok(()),
        Outcome::Unstated => Err(Error::new(
            ErrorKind::Answer,
            "the response has no errcode, and this call succeeds only with errcode 0",
        )),
    }
}

fn faulty(fault: Fault) -> Error {
    let reason = match fault {
        Fault::Syntax(error) => return not_understood(&error),
        Fault::Field(field) => format!("its field {field} is missing, empty or of the wrong type"),
        Fault::Form => "its structure is unexpected".to_owned(),
    };
    Error::new(
        ErrorKind::Answer,
        format!("could not parse the response: {reason}"),
    )
}

/// Parses a response that [`verdict`] accepted.
pub(super) fn accepted<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    parse(body).map_err(faulty)
}

/// The result of judging a response before it is parsed into a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A refusal with this code.
    Refused(ErrCode),
    /// A JSON object that is no refusal.
    Accepted,
    /// Not a JSON object, or a damaged one: the response type decides.
    Open,
}

/// Judges a response. A response without an errcode, such as most that carry data, is not parsed.
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

/// Returns the refusal in `body`, if it is one.
pub(super) fn refusal(body: &[u8]) -> Option<Refusal> {
    outcome::refusal(body)
}

/// Parses a document, and on failure parses it again after repairs.
///
/// The repairs fix the text and drop fields of an unexpected form. Nicknames come with raw control
/// characters, invalid UTF-8 and lone surrogates. Unknown values come as `null`, `""` or `[]`.
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
