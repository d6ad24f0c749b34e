//! A fast copy of the cached token, which most callers get.

use std::sync::{PoisonError, RwLock};

use super::Token;

/// A copy of the cached token. A read of the cache itself updates the cache's bookkeeping and costs
/// about four times as much.
///
/// Readers of the cache fill the copy, and writers clear it. The generation detects a reader that
/// read before a change and fills after it. A lock guards both, because they change together.
#[derive(Default)]
pub(super) struct Front(RwLock<State>);

#[derive(Default)]
struct State {
    generation: Generation,
    token: Option<Token>,
}

/// The number of changes of the cache so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

impl Front {
    /// Returns the copy, or the current generation if there is none.
    pub(super) fn get(&self) -> Result<Token, Generation> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        state.token.clone().ok_or(state.generation)
    }

    /// Stores a copy of what the cache held in this generation. Does nothing if the cache has
    /// changed since.
    pub(super) fn fill(&self, token: &Token, generation: Generation) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.generation == generation {
            state.token = Some(token.clone());
        }
    }

    /// Returns a guard to hold while the cache is changed. Dropping it clears the copy, also when
    /// the change is cancelled half-way.
    pub(super) fn change(&self) -> Change<'_> {
        Change(self)
    }
}

/// A change of the cache in progress.
pub(super) struct Change<'a>(&'a Front);

impl Drop for Change<'_> {
    fn drop(&mut self) {
        let mut state = self.0.0.write().unwrap_or_else(PoisonError::into_inner);
        // After the change, so that a reader of the old value gets an outdated generation.
        state.generation = Generation(state.generation.0.wrapping_add(1));
        state.token = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::SharedClock;
    use crate::token::{Issued, Margins, TokenKind};

    fn token(text: &str) -> Token {
        let issued = Issued::new(text, Duration::from_secs(7200));
        Token::new(
            issued,
            TokenKind::StableAccessToken,
            SharedClock::default().moment(),
            Margins::default(),
        )
    }

    #[test]
    fn who_looked_before_a_change_fills_nothing_after_it() {
        let front = Front::default();
        let before = front.get().unwrap_err();
        front.fill(&token("one"), before);
        assert_eq!(front.get().unwrap().secret().expose(), "one");

        drop(front.change());
        front.fill(&token("one"), before);
        let after = front.get().unwrap_err();
        assert_ne!(after, before);
        front.fill(&token("two"), after);
        assert_eq!(front.get().unwrap().secret().expose(), "two");
    }
}
