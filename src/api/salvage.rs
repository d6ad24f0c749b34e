//! Reads an answer that has a field of another form than the documented one.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// How many fields of one answer may be of another form.
const MOST: usize = 256;

/// Why an answer was not understood.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not JSON, or ends too early.
    Syntax(serde_json::Error),
    /// A field that cannot be done without is not there, or of no use.
    Field(String),
    /// It is of another form altogether.
    Form,
}

/// Reads a document, without the fields that are of another form: they count as absent, and the
/// rest is as it is.
pub(super) fn read<T: DeserializeOwned>(document: &str) -> Result<T, Fault> {
    let mut value: Value = serde_json::from_str(document).map_err(Fault::Syntax)?;
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

/// The field that an error says is missing, with the path to it.
fn missing(error: &serde_path_to_error::Error<serde_json::Error>) -> Option<String> {
    let text = error.inner().to_string();
    let (field, _) = text.strip_prefix("missing field `")?.split_once('`')?;
    let steps = error.path().iter().filter_map(|step| match step {
        Segment::Map { key } => Some(key.as_str()),
        _ => None,
    });
    let steps: Vec<_> = steps.chain([field]).collect();
    Some(steps.join("."))
}

/// Takes what is at a path out of a value.
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

/// Replaces halves of characters in UTF-16 that stand alone: `\ud83d` becomes `\ufffd`.
pub(super) fn without_halves(document: &str) -> String {
    let mut whole = String::with_capacity(document.len());
    let mut rest = document;
    while let Some((before, escape)) = rest.split_once('\\') {
        whole.push_str(before);
        let kept = match unit(escape) {
            // Both halves, as they are.
            Some((0xD800..0xDC00, behind)) if has_low(behind) => 11,
            Some((0xD800..0xE000, behind)) => {
                whole.push_str("\\ufffd");
                rest = behind;
                continue;
            }
            // What is escaped may be a backslash itself.
            _ => escape.chars().next().map_or(0, char::len_utf8),
        };
        whole.extend(["\\", escape.get(..kept).unwrap_or_default()]);
        rest = escape.get(kept..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole
}

/// The number behind `u`, and what follows.
fn unit(escape: &str) -> Option<(u32, &str)> {
    let (digits, behind) = escape.strip_prefix('u')?.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, behind))
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
