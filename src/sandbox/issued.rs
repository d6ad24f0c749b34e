//! The secrets that the platform handed out.

use std::collections::VecDeque;

use crate::secret::Secret;

/// How many of them are remembered.
const SECRETS_MAX: usize = 10_000;

/// The secrets that were handed out, the newest last.
#[derive(Debug, Default)]
pub(super) struct Issued(VecDeque<Secret>);

impl Issued {
    pub(super) fn note(&mut self, secret: &str) {
        if self.0.len() == SECRETS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Secret::new(secret));
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = Secret> {
        self.0.iter().cloned()
    }
}
