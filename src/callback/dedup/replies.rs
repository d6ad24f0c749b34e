//! Replies that are kept to be sent again.

use std::collections::VecDeque;

use crate::callback::Reply;

/// How many replies are kept. A reply is needed for as long as the platform may retry its push,
/// which is some seconds.
const REPLIES_MAX: usize = 1024;

/// The last replies that are not `success`, numbered from 1.
#[derive(Default)]
pub(super) struct Replies {
    kept: VecDeque<Reply>,
    /// The number of replies that were evicted before these.
    before: u64,
}

impl Replies {
    /// Stores a reply and returns its number.
    pub(super) fn put(&mut self, reply: &Reply) -> u64 {
        if reply.is_empty() {
            return 0;
        }
        if self.kept.len() >= REPLIES_MAX {
            self.kept.pop_front();
            self.before += 1;
        }
        self.kept.push_back(reply.clone());
        self.before + self.kept.len() as u64
    }

    /// Returns the reply with a number, or `success` if it was evicted.
    pub(super) fn get(&self, number: u64) -> Reply {
        let at = number.checked_sub(self.before + 1);
        let reply = at.and_then(|at| self.kept.get(usize::try_from(at).ok()?));
        reply.cloned().unwrap_or_else(Reply::none)
    }
}
