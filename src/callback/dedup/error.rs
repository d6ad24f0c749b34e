//! The error of a push that joined a run.

use std::fmt;

/// The run that a push joined failed or was cancelled.
#[derive(Debug)]
pub(in crate::callback) struct RunFailed;

impl fmt::Display for RunFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run that this push joined failed")
    }
}

impl std::error::Error for RunFailed {}
