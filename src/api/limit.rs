//! Checks the platform's limits before a call is sent. A value beyond a limit is refused, never
//! cut.

use std::ops::RangeInclusive;

use crate::error::Error;

/// Checks a length in characters.
pub(super) fn chars(
    field: &'static str,
    value: &str,
    limits: RangeInclusive<usize>,
) -> Result<(), Error> {
    length(field, value.chars().count(), limits, "characters")
}

/// Checks a length in bytes of UTF-8.
pub(super) fn bytes(
    field: &'static str,
    value: &str,
    limits: RangeInclusive<usize>,
) -> Result<(), Error> {
    length(field, value.len(), limits, "bytes")
}

/// Checks a number of entries.
pub(super) fn count(
    field: &'static str,
    len: usize,
    limits: RangeInclusive<usize>,
) -> Result<(), Error> {
    length(field, len, limits, "entries")
}

/// Checks that a value is not empty.
pub(super) fn given(field: &'static str, value: &str) -> Result<(), Error> {
    if value.is_empty() {
        return Err(Error::input(field, "must not be empty"));
    }
    Ok(())
}

fn length(
    field: &'static str,
    len: usize,
    limits: RangeInclusive<usize>,
    unit: &str,
) -> Result<(), Error> {
    if limits.contains(&len) {
        return Ok(());
    }
    let (least, most) = (limits.start(), limits.end());
    let allowed = match least {
        0 => format!("at most {most}"),
        _ => format!("{least} to {most}"),
    };
    Err(Error::input(
        field,
        format!("must have {allowed} {unit} (it has {len})"),
    ))
}
