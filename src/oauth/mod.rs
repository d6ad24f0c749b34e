//! Signing users in with web OAuth (网页授权), as a service of two routes.
//!
//! ```text
//! GET {base}/start?return_to=/cart     302 to the authorisation page, with a cookie and a state
//! GET {base}/done?code=…&state=…       the platform sends the browser back; the host's handler
//!                                      answers, as a rule with a session and a redirect
//! ```
//!
//! [`OAuthService`] does this for one app. A code works once, but browsers bring it more often:
//! WeChat follows the redirect twice at times, users reload, and the Back button leads to the
//! authorisation page, which gives another code at once. So each code is traded once, whatever
//! becomes of the request that brought it, and its result is remembered for some minutes for the
//! browser it belongs to.
//!
//! # What is checked
//!
//! The `state` is signed, ends after ten minutes, and is bound to the app, to the address the
//! browser comes back to, to where the user wants to go, and to a random value in a cookie. So
//! nobody can sign another person's browser in as themselves. Where to go afterwards is a path on
//! the same site, or on a site that the host allows.
//!
//! It travels in the address that the browser comes back to, not in memory: any instance that
//! has the same [`StateKey`] can end what another began. The results of codes are in the memory of
//! one instance; a double redirect that reaches two of them is refused by the second one.
//!
//! # Which ids there are
//!
//! | | `openid` | `unionid` | profile |
//! |---|---|---|---|
//! | `Scope::Base` | always | never | none |
//! | `Scope::UserInfo`, app bound to an Open Platform account | always | always | yes |
//! | `Scope::UserInfo`, app not bound to one | always | never | yes |
//! | a snapshot user (快照页) | of a virtual account | of a virtual account, if any | of a virtual account, if any |
//!
//! An `openid` is the user's id for one app, a `unionid` for all apps of one Open Platform
//! account. The platform puts the `unionid` into one of two answers or both;
//! [`SignedIn::unionid`] looks at both.
//!
//! # One registered domain, several sites
//!
//! The platform sends browsers back to the registered domain (网页授权域名) only. A [`Relay`] there
//! passes them on to an allow-list of other sites; see [`OAuthService::through`].

mod code_cache;
mod flow;
mod handler;
mod origin;
mod rejection;
mod relay;
mod service;
mod settings;
mod signed_in;
mod state;

pub(crate) use self::code_cache::profile_of;
pub use self::handler::sign_in_fn;
pub use self::origin::Origin;
pub use self::rejection::Rejection;
pub use self::relay::Relay;
pub use self::service::OAuthService;
pub use self::signed_in::SignedIn;
pub use self::state::StateKey;
pub use crate::browser::AnswerFn as SignInFn;
