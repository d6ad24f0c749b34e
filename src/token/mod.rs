//! Access tokens: fetched once, shared by all, replaced before they die.
//!
//! # The life of a token
//!
//! A token is *issued*, becomes *stale* some minutes before it dies, and *expires*.
//!
//! | state | [`Tokens::get`] |
//! |---|---|
//! | fresh | returns it |
//! | stale | returns it, and starts one refresh in the background |
//! | expired or missing | waits for the one fetch that is under way, or starts it |
//!
//! However many callers wait, there is one fetch, and it is a task of its own: a caller that is
//! dropped neither stops nor repeats it. When it fails, all waiters get the same error. A refusal
//! that only an operator can mend, such as a wrong secret, is remembered for ten seconds, and an
//! answer that is no token for one, so that it is not asked for by every request. A fetch that does
//! not go on for three seconds, because its runtime was stopped, is taken over by those who wait.
//!
//! With `stable_token`, asking more than five minutes before the end returns the same token, so a
//! token becomes stale between four and two minutes before it. With the classic grant it does
//! between ten and five minutes. Where in between is left to chance, so that instances do not move
//! together.
//!
//! The tickets that sign pages and cards live by the same rules, each under a kind of its own:
//! [`Tokens::ticket`] and [`Tokens::card_ticket`]. They become stale like classic tokens.
//!
//! # When the platform refuses a token
//!
//! 40001, 40014 and 42001 retire *the token that was used*, unless another one has taken its place
//! meanwhile. The next one comes from `stable_token` in normal mode; only when that returns the
//! very token that was refused is a new one forced, within the platform's budget of twenty a day
//! and thirty seconds apart. With the budget spent the token is kept: the refusal may concern one
//! call only, and the others should go on.
//!
//! Freshness is decided by the injected [`Clock`](crate::Clock), never by the cache's own: by the
//! larger of the times that have passed on its wall clock and in its monotonic time, so that a clock
//! that is set back, or a machine that sleeps, keeps no dead token. The budget of forced refreshes is
//! counted in monotonic time alone.

mod entry;
mod front;
mod layer;
mod refresh;
mod route_source;
mod single_flight;
mod source;
mod store;
mod ticket;
#[expect(
    clippy::module_inception,
    reason = "the room is named after its main type"
)]
mod token;
mod tokens;

pub use self::layer::{TokenLayer, TokenService};
pub use self::route_source::TokenRouteSource;
pub use self::source::{Fetch, SourceFn, TokenSource, source_fn};
pub(crate) use self::source::{PlatformSource, SharedSource};
pub(crate) use self::store::SharedStore;
pub use self::store::{MemoryTokenStore, TokenStore};
pub(crate) use self::ticket::TicketSource;
pub use self::token::{Issued, Status, Token, TokenKey, TokenKind};
pub use self::tokens::Tokens;
