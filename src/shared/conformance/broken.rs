//! The result of a check.

use std::fmt::{self, Debug};

use crate::store::StoreError;

/// A rule that a store breaks.
#[derive(Debug)]
pub struct Broken {
    rule: &'static str,
    /// What the store answered, as it prints itself.
    answer: Result<String, StoreError>,
}

impl Broken {
    /// Returns the rule, in words.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, answer } = self;
        match answer {
            Ok(answer) => write!(f, "the store breaks a rule: {rule}. It answered {answer}"),
            Err(error) => write!(f, "while checking that {rule}: {error}"),
        }
    }
}

impl std::error::Error for Broken {}

/// Requires that a store's answer is as the rule says.
pub(super) fn rule<T: Debug>(
    rule: &'static str,
    answer: Result<T, StoreError>,
    holds: impl FnOnce(&T) -> bool,
) -> Result<T, Broken> {
    let answer = match answer {
        Ok(answer) if holds(&answer) => return Ok(answer),
        answer => answer.map(|answer| format!("{answer:?}")),
    };
    Err(Broken { rule, answer })
}

/// Requires that a store does something whose result only shows in later answers.
pub(super) fn done(name: &'static str, answer: Result<(), StoreError>) -> Result<(), Broken> {
    rule(name, answer, |()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_rule_is_named_with_the_answer() {
        let broken = rule("two is one", Ok(2), |answer| *answer == 1).unwrap_err();
        assert_eq!(broken.rule(), "two is one");
        let text = "the store breaks a rule: two is one. It answered 2";
        assert_eq!(broken.to_string(), text);
        let broken = done("it works", Err(StoreError::new("offline"))).unwrap_err();
        let text = "while checking that it works: the store failed: offline";
        assert_eq!(broken.to_string(), text);
    }
}
