//! The secrets that the platform issued.

use std::collections::VecDeque;

use crate::secret::Secret;

/// The maximum number of remembered secrets.
const SECRETS_MAX: usize = 10_000;

/// The issued secrets, oldest first.
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
