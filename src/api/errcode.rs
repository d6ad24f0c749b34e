//! The errcode of an answer, in the types that the platform gives it.

use serde_json::value::RawValue;

/// An errcode as it was found. Of several the largest counts, in the order of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Code {
    #[default]
    Absent,
    Zero,
    Unreadable,
    Refused(i64),
}

impl Code {
    /// A number, a string that holds one, or nothing. A float may stand for a whole number.
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

/// The text of a JSON string; `None` for any other value.
pub(super) fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// The whole number that a float stands for. Beyond 2⁵³ it may stand for several.
fn whole(text: &str) -> Option<i64> {
    let number: f64 = text.parse().ok()?;
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    exact.then(|| format!("{number:.0}"))?.parse().ok()
}
