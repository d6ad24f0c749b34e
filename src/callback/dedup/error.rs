//! Why a push that joined a run has no reply.

use std::fmt;

/// The run that a push had joined failed, or was stopped.
#[derive(Debug)]
pub(super) struct RunFailed;

impl fmt::Display for RunFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run that this push had joined failed")
    }
}

impl std::error::Error for RunFailed {}
