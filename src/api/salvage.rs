//! Parses a response that has fields of an undocumented form.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::json::code_unit;

/// The maximum number of such fields in one response.
const MOST: usize = 256;

/// Why a response could not be parsed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The text is not JSON, or ends too early.
    Syntax(serde_json::Error),
    /// A required field is missing or unusable.
    Field(String),
    /// The whole response has an unexpected structure.
    Form,
}

/// Parses a document. Fields of an undocumented form are removed, so they count as absent. The
/// other fields are not changed.
pub(super) fn read<T: DeserializeOwned>(document: &str) -> Result<T, Fault> {
    let mut value: Value = serde_json::from_str(document).map_err(Fault::Syntax)?;
    // Each round removes one field and parses again, so their number is bounded.
    for _ in 0..MOST {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        if let Some(field) = missing(&error) {
            return Err(Fault::Field(field));
        }
        if !remove(&mut value, error.path()) {
            break;
        }
    }
    Err(Fault::Form)
}

/// Returns the field that an error reports as missing, with its path.
fn missing(error: &serde_path_to_error::Error<serde_json::Error>) -> Option<String> {
    // serde reports the name of a missing field only in the text.
    let text = error.inner().to_string();
    let (field, _) = text.strip_prefix("missing field `")?.split_once('`')?;
    let steps = error.path().iter().filter_map(|step| match step {
        Segment::Map { key } => Some(key.as_str()),
        _ => None,
    });
    let steps: Vec<_> = steps.chain([field]).collect();
    Some(steps.join("."))
}

/// Removes the value at `path`. Returns whether it existed.
fn remove(value: &mut Value, path: &Path) -> bool {
    let steps: Vec<_> = path.iter().collect();
    let Some((last, before)) = steps.split_last() else {
        return false;
    };
    let parent = before.iter().try_fold(value, |value, step| match step {
        Segment::Map { key } => value.get_mut(key),
        Segment::Seq { index } => value.get_mut(index),
        _ => None,
    });
    match (parent, last) {
        (Some(Value::Object(object)), Segment::Map { key }) => object.remove(key).is_some(),
        (Some(Value::Array(list)), Segment::Seq { index }) if *index < list.len() => {
            list.remove(*index);
            true
        }
        _ => false,
    }
}

/// Replaces lone UTF-16 surrogates in escapes: `\ud83d` becomes `\ufffd`.
pub(super) fn without_halves(document: &str) -> String {
    let mut whole = String::with_capacity(document.len());
    let mut rest = document;
    while let Some((before, escape)) = rest.split_once('\\') {
        whole.push_str(before);
        let kept = match unit(escape) {
            // A surrogate pair: keep both escapes, which are 11 bytes after the first backslash.
            Some((0xD800..0xDC00, behind)) if has_low(behind) => 11,
            Some((0xD800..0xE000, behind)) => {
                whole.push_str("\\ufffd");
                rest = behind;
                continue;
            }
            // The escaped character can be a backslash, so skip it.
            _ => escape.chars().next().map_or(0, char::len_utf8),
        };
        whole.extend(["\\", escape.get(..kept).unwrap_or_default()]);
        rest = escape.get(kept..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole
}

/// Returns the code unit after `u`, and the text after it.
fn unit(escape: &str) -> Option<(u32, &str)> {
    code_unit(escape.strip_prefix('u')?)
}

fn has_low(behind: &str) -> bool {
    let low = behind.strip_prefix('\\').and_then(unit);
    matches!(low, Some((0xDC00..0xE000, _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_characters_are_replaced_where_they_stand_alone() {
        for (text, whole) in [
            (r#"{"a":"\ud83d"}"#, r#"{"a":"\ufffd"}"#),
            (r#"{"a":"\ud83d\ude00"}"#, r#"{"a":"\ud83d\ude00"}"#),
            (r#"{"a":"\ude00\ud83dx"}"#, r#"{"a":"\ufffd\ufffdx"}"#),
            (
                r#"{"a":"\ud83d\ud83d\ude00"}"#,
                r#"{"a":"\ufffd\ud83d\ude00"}"#,
            ),
            (r#"{"a":"\\ud83d"}"#, r#"{"a":"\\ud83d"}"#),
            (r#"{"a":"\\\ud83d\n"}"#, r#"{"a":"\\\ufffd\n"}"#),
        ] {
            assert_eq!(without_halves(text), whole);
        }
    }
}
