//! Reads the errcode of a response, which the platform sends as several JSON types.

use serde_json::value::RawValue;

/// An errcode as found in a response. If there are several, the greatest counts, in the order of
/// the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Code {
    #[default]
    Absent,
    Zero,
    Unreadable,
    Refused(i64),
}

impl Code {
    /// Reads a number, a string that holds one, or `null`. A float counts if it is a whole number.
    pub(super) fn read(raw: &RawValue) -> Self {
        if raw.get() == "null" {
            return Self::Absent;
        }
        match string(raw).as_deref().unwrap_or(raw.get()).trim() {
            "" => Self::Unreadable,
            text => match text.parse().ok().or_else(|| whole(text)) {
                Some(0) => Self::Zero,
                Some(number) => Self::Refused(number),
                None => Self::Unreadable,
            },
        }
    }
}

/// Returns the text of a JSON string, or `None` for any other value.
pub(super) fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// Returns the integer that a float equals. Beyond 2⁵³ a float can stand for several integers.
fn whole(text: &str) -> Option<i64> {
    let number: f64 = text.parse().ok()?;
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    // Through text, since a float has no checked conversion to an integer.
    exact.then(|| format!("{number:.0}"))?.parse().ok()
}
