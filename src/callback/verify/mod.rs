//! Verifies that a push comes from the platform.

pub mod crypto;
mod envelope;
mod keys;
pub(crate) mod nonce;
mod query;
pub(crate) mod readings;
mod rejection;
pub(crate) mod replay;
pub mod signature;
mod signer;
pub(crate) mod verifier;

pub use self::keys::{CallbackKeys, Mode, Recipient};
pub use self::rejection::Rejection;
