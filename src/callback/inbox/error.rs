//! The error of a message that could not be stored.

use std::fmt;

use crate::callback::Overloaded;
use crate::error::BoxError;
use crate::store::StoreError;

/// The error of a message that could not be stored, so that its push must not be acknowledged.
///
/// It is answered with 503, so that the platform sends the push again.
#[derive(Debug)]
pub struct NotStored {
    reason: Reason,
    answer: Overloaded,
}

#[derive(Debug)]
enum Reason {
    Full,
    NoRuntime,
    Failed(StoreError),
}

impl NotStored {
    pub(super) fn full() -> Self {
        Self::new(Reason::Full)
    }

    pub(super) fn no_runtime() -> Self {
        Self::new(Reason::NoRuntime)
    }

    pub(super) fn failed(error: StoreError) -> Self {
        Self::new(Reason::Failed(error))
    }

    fn new(reason: Reason) -> Self {
        let answer = Overloaded::new();
        Self { reason, answer }
    }

    /// Returns whether the store is full.
    pub fn is_full(&self) -> bool {
        matches!(self.reason, Reason::Full)
    }

    /// Returns the reason for a metric.
    pub(super) fn reason(&self) -> &'static str {
        match self.reason {
            Reason::Full => "full",
            Reason::NoRuntime => "no_runtime",
            Reason::Failed(_) => "failed",
        }
    }

    /// Returns whether `error` is a `NotStored`. It was logged when the message was not stored.
    pub(in crate::callback) fn caused(error: &BoxError) -> bool {
        crate::callback::error::find::<Self>(error).is_some()
    }
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("could not store the message in the inbox: ")?;
        match &self.reason {
            Reason::Full => f.write_str("it is full"),
            Reason::NoRuntime => f.write_str("there is no runtime to handle it"),
            Reason::Failed(error) => error.fmt(f),
        }
    }
}

/// Its source is an [`Overloaded`], which the callback answers with 503.
impl std::error::Error for NotStored {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.answer)
    }
}
