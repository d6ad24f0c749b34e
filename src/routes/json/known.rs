//! Refuses unknown fields, and suggests the closest known one.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::route::JsonRoute;
use crate::routes::failure::Failure;

/// Checks the names of all fields of a request to `R`. A body that is not an object is left to the
/// deserializer.
pub(super) fn check<R: JsonRoute>(body: &[u8]) -> Result<(), Failure> {
    let Ok(Value::Object(top)) = serde_json::from_slice(body) else {
        return Ok(());
    };
    if let Some(fields) = fields::<R::Request>() {
        names("", &top, fields)?;
    }
    R::OBJECTS.iter().try_for_each(|(path, fields)| {
        let path: Vec<_> = path.split('.').collect();
        inside(String::new(), &top, &path, fields)
    })
}

/// Checks the objects at a path below `object`. `*` matches any name.
fn inside(
    at: String,
    object: &Map<String, Value>,
    path: &[&str],
    fields: &[&str],
) -> Result<(), Failure> {
    let Some((step, path)) = path.split_first() else {
        return names(&at, object, fields);
    };
    let steps = object
        .iter()
        .filter(|(name, _)| *step == "*" || name == step);
    for (name, value) in steps {
        let at = format!("{at}{name:.64}.");
        match value {
            Value::Object(object) => inside(at, object, path, fields)?,
            // Serde would read a struct from it, by the positions of its fields.
            Value::Array(_) => {
                let at = at.trim_end_matches('.');
                return Err(Failure::parameter(format!("field {at} must be an object")));
            }
            // Some callers send a nested document as a string.
            Value::String(text) => {
                if let Ok(Value::Object(object)) = serde_json::from_str(text) {
                    inside(at, &object, path, fields)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn names(at: &str, object: &Map<String, Value>, fields: &[&str]) -> Result<(), Failure> {
    let Some(name) = object.keys().find(|name| !fields.contains(&name.as_str())) else {
        return Ok(());
    };
    let advice = match nearest(name, fields) {
        Some(known) => format!("did you mean {at}{known}?"),
        None => format!("the known fields are {}", fields.join(", ")),
    };
    Err(Failure::parameter(format!(
        "unknown field {at}{name:.64}: {advice}"
    )))
}

/// Returns the field that a name was probably meant for, or `None` if no field is close enough.
fn nearest<'a>(name: &str, fields: &[&'a str]) -> Option<&'a str> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    // Bounds the cost of `distance`: the name comes from the caller.
    let name = plain(name).chars().take(64).collect::<String>();
    let distances = fields
        .iter()
        .map(|field| (distance(&name, &plain(field)), *field));
    let (distance, field) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1.max(field.len() / 3)).then_some(field)
}

/// Returns the Levenshtein distance: the number of letters to insert, delete or replace.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut corner = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (other, above) in to.chars().zip(row.iter().skip(1)) {
            let changed = corner + usize::from(letter != other);
            left = changed.min(left + 1).min(above + 1);
            next.push(left);
            corner = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Returns the names of the fields that a type deserializes, with their aliases, or `None` if it is
/// not a struct or accepts any fields.
fn fields<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let mut fields = None;
    let _ = T::deserialize(Probe(&mut fields));
    fields
}

/// A deserializer that records the fields a type asks for, and always fails.
struct Probe<'a>(&'a mut Option<&'static [&'static str]>);

#[derive(Debug)]
struct Nothing;

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the probe reads nothing")
    }
}

impl std::error::Error for Nothing {}

impl serde::de::Error for Nothing {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Nothing;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Nothing> {
        *self.0 = Some(fields);
        Err(Nothing)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Nothing> {
        Err(Nothing)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_field_is_the_one_that_was_meant() {
        let fields = [
            "source",
            "appid",
            "app_id",
            "expire_seconds",
            "scene",
            "scene_id",
        ];
        for (name, meant) in [
            ("expire_second", Some("expire_seconds")),
            ("expireSeconds", Some("expire_seconds")),
            ("expires_in", None),
            ("AppId", Some("appid")),
            ("scen", Some("scene")),
            ("sceneId", Some("scene_id")),
            ("user", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &fields), meant, "{name}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
