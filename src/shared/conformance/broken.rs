//! The result of a check.

use std::fmt;

use crate::store::StoreError;

/// A rule that a store breaks.
#[derive(Debug)]
pub struct Broken {
    rule: &'static str,
    error: Option<StoreError>,
}

impl Broken {
    /// Returns the rule, in words.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            None => write!(f, "the store breaks a rule: {}", self.rule),
            Some(error) => write!(f, "while checking that {}: {error}", self.rule),
        }
    }
}

impl std::error::Error for Broken {}

/// Requires that a store's answer is as the rule says.
pub(super) fn rule<T>(
    rule: &'static str,
    answer: Result<T, StoreError>,
    holds: impl FnOnce(&T) -> bool,
) -> Result<T, Broken> {
    match answer {
        Ok(answer) if holds(&answer) => Ok(answer),
        Ok(_) => Err(Broken { rule, error: None }),
        Err(error) => Err(Broken {
            rule,
            error: Some(error),
        }),
    }
}
