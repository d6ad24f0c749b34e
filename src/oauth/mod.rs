//! Signs users in with web OAuth (网页授权), as a service with two routes.
//!
//! ```text
//! GET {base}/start?return_to=/cart     302 to the authorization page, with a cookie and a state
//! GET {base}/done?code=…&state=…       the platform redirects the browser here; the handler
//!                                      answers, usually with a session and a redirect
//! ```
//!
//! [`OAuthService`] does this for one app. A code works once, but browsers often send it again:
//! WeChat sometimes follows the redirect twice, users reload, and the Back button returns to the
//! authorization page, which issues another code at once. Each code is therefore exchanged once,
//! even if its request is dropped. The result is kept for some minutes for the same browser.
//!
//! # What is checked
//!
//! The `state` is signed and expires after ten minutes. It is bound to the app, to the address the
//! browser returns to, to the user's destination, and to a random value in a cookie. This prevents
//! login CSRF: nobody can sign another person's browser in to their own account. The destination
//! must be a path on the same site, or on a site of the allow-list.
//!
//! # Several instances
//!
//! The destination travels in the URL that the browser returns to, not in memory. Any instance with
//! the same [`StateKey`] can therefore finish a sign-in that another instance started.
//!
//! By default, the results of codes are in the memory of one instance: if a double redirect reaches
//! two instances, the second one refuses it. With a [`CodeStore`] they are shared. A code is then
//! exchanged once by all instances, and a reload, a double redirect or the Back button may reach
//! another instance each time. An instance that gets a code while another one exchanges it waits for
//! the result. If that instance dies, its claim expires after 15 seconds, and the next one exchanges
//! the code. If the store fails, each instance goes on alone.
//!
//! # Which ids are available
//!
//! | | `openid` | `unionid` | profile |
//! |---|---|---|---|
//! | `Scope::Base` | always | never | none |
//! | `Scope::UserInfo`, app bound to an Open Platform account | always | always | yes |
//! | `Scope::UserInfo`, app not bound to one | always | never | yes |
//! | a snapshot user (快照页) | of a virtual account | of a virtual account, if any | of a virtual account, if any |
//!
//! An `openid` identifies the user within one app, a `unionid` across all apps of one Open Platform
//! account. The platform returns the `unionid` in either or both of two answers.
//! [`SignedIn::unionid`] checks both.
//!
//! # One registered domain, several sites
//!
//! The platform redirects browsers to the registered domain (网页授权域名) only. A [`Relay`] on
//! that domain forwards them to an allow-list of other sites. See [`OAuthService::through`].

mod codes;
mod flow;
mod handler;
mod origin;
mod rejection;
mod relay;
mod service;
mod settings;
mod signed_in;
mod state;

pub use self::codes::{CodeClaim, CodeKey, CodeRecord, CodeStore, MemoryCodeStore};
pub(crate) use self::codes::{SharedStore, profile_of};
pub use self::handler::sign_in_fn;
pub use self::origin::Origin;
pub use self::rejection::Rejection;
pub use self::relay::Relay;
pub use self::service::OAuthService;
pub use self::signed_in::SignedIn;
pub use self::state::StateKey;
pub use crate::browser::AnswerFn as SignInFn;
