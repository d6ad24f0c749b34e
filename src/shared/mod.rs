//! State that several instances of an application share.
//!
//! [`SharedState`] bundles the stores. [`WechatBuilder::shared`](crate::WechatBuilder::shared)
//! installs all of them at once, and each can still be set alone:
//!
//! | store | shares | set alone with |
//! |---|---|---|
//! | [`TokenStore`](crate::token::TokenStore) | tokens, tickets, leases and budgets | [`WechatBuilder::token_store`](crate::WechatBuilder::token_store) |
//! | [`DedupStore`](crate::callback::dedup::DedupStore) | running and finished pushes, and the signatures of plaintext mode | [`DedupLayer::store`](crate::callback::dedup::DedupLayer::store) |
//! | [`CodeStore`](crate::oauth::CodeStore) | codes of web OAuth and their users | [`OAuthService::code_store`](crate::oauth::OAuthService::code_store) |
//! | [`ScanStore`](crate::scan_login::ScanStore) | pending sign-ins by scan | [`ScanLogin::store`](crate::scan_login::ScanLogin::store) |
//! | [`PickUpStore`](crate::callback::deadline::pick_up::PickUpStore) | late replies that wait for their user | [`PickUp::store`](crate::callback::deadline::pick_up::PickUp::store) |
//!
//! With the feature `redis`, `RedisStore` is such a bundle: its module says what an application sees
//! while Redis is unavailable.

#[cfg(feature = "test-util")]
pub mod conformance;
#[cfg(feature = "redis")]
pub mod redis;
mod state;

pub use self::state::SharedState;
#[cfg(any(feature = "redis", feature = "inbox"))]
pub use crate::seal::SealKey;
pub use crate::store::Owner;
