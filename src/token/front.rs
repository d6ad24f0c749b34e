//! The copy of a token that most callers get.

use std::sync::{PoisonError, RwLock};

use super::Token;

/// A copy of what the cache holds, in front of it: a look into the cache keeps its own books and
/// costs some four times as much.
///
/// It is filled by those who looked into the cache, and emptied by those who changed it. Whoever
/// looked before a change and comes to fill after it is late, and is told by the generation.
#[derive(Default)]
pub(super) struct Front(RwLock<State>);

#[derive(Default)]
struct State {
    generation: Generation,
    token: Option<Token>,
}

/// Goes up with every change of the cache.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

impl Front {
    /// The copy, or the generation in which there is none.
    pub(super) fn get(&self) -> Result<Token, Generation> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        state.token.clone().ok_or(state.generation)
    }

    /// Keeps a copy of what the cache held in this generation.
    pub(super) fn fill(&self, token: &Token, generation: Generation) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.generation == generation {
            state.token = Some(token.clone());
        }
    }

    /// To be held while the cache is changed: the copy is forgotten after it, also when the change
    /// is dropped half-way.
    pub(super) fn change(&self) -> Change<'_> {
        Change(self)
    }
}

/// A change of the cache that is under way.
pub(super) struct Change<'a>(&'a Front);

impl Drop for Change<'_> {
    fn drop(&mut self) {
        let mut state = self.0.0.write().unwrap_or_else(PoisonError::into_inner);
        state.generation = Generation(state.generation.0.wrapping_add(1));
        state.token = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::SharedClock;
    use crate::token::{Issued, TokenKind};

    fn token(text: &str) -> Token {
        let issued = Issued::new(text, Duration::from_secs(7200));
        Token::new(
            issued,
            TokenKind::StableAccessToken,
            SharedClock::default().moment(),
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
