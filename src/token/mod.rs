//! Access tokens: fetched once, shared by all callers, and refreshed before they expire.
//!
//! # The life of a token
//!
//! A token is *issued*, becomes *stale* some minutes before its end, and *expires*.
//!
//! | state | [`Tokens::get`] |
//! |---|---|
//! | fresh | returns it |
//! | stale | returns it, and starts one refresh in the background |
//! | expired or missing | waits for the fetch in progress, or starts one |
//!
//! There is at most one fetch per token, however many callers wait. The fetch is a separate task,
//! so dropping a caller doesn't stop or repeat it. When it fails, all waiters get the same error. A
//! refusal that only an operator can fix, such as a wrong secret, is cached for ten seconds, and an
//! answer that is not a token for one second, so that not every caller repeats the request. A fetch
//! without progress for three seconds, because its runtime was stopped, is taken over by a waiter.
//!
//! `stable_token` returns the same token until five minutes before its end, so such a token becomes
//! stale two to four minutes before its end. A token of the classic grant becomes stale five to nine
//! minutes before. The exact time is random, so that instances don't refresh at the same moment.
//!
//! The tickets that sign pages and cards follow the same rules, with one kind each:
//! [`Tokens::ticket`] and [`Tokens::card_ticket`]. They become stale like classic tokens.
//!
//! # When the platform rejects a token
//!
//! 40001, 40014 and 42001 retire *the token that was used*, unless it has already been replaced.
//! The next token is fetched with `stable_token` in normal mode. Only if that returns the rejected
//! token again is a new one forced, within the platform's budget of 20 a day, at least 30 seconds
//! apart. When the budget is spent, the token stays in use: the rejection may concern a single call
//! only, and the other calls should go on.
//!
//! The injected [`Clock`](crate::Clock) decides whether a token is fresh, not the clock of the
//! cache. The elapsed time is the larger of wall-clock time and monotonic time, so that setting the
//! clock back or suspending the machine doesn't keep an expired token in use. The budget of forced
//! refreshes is counted in monotonic time only.

pub(crate) mod budget;
mod entry;
mod fetch;
mod front;
mod layer;
mod margins;
mod obtain;
mod refresh;
mod route_source;
mod source;
mod store;
mod ticket;
#[expect(
    clippy::module_inception,
    reason = "the module is named after its main type"
)]
mod token;
mod tokens;

pub(crate) use self::entry::AppTokens;
pub use self::layer::{TokenLayer, TokenService};
pub(crate) use self::margins::Margins;
pub use self::route_source::TokenRouteSource;
pub use self::source::{Fetch, SourceFn, TokenSource, source_fn};
pub(crate) use self::source::{PlatformSource, SharedSource};
pub(crate) use self::store::SharedStore;
pub use self::store::{Fence, Lease, MemoryTokenStore, TokenStore};
pub(crate) use self::ticket::TicketSource;
pub use self::token::{Issued, Status, Token, TokenKey, TokenKind};
pub use self::tokens::Tokens;
