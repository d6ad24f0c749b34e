//! The callback.

pub mod crypto;
mod json;
mod keys;
mod query;
mod rejection;
pub mod signature;
mod tree;
mod xml;

pub use self::keys::{CallbackKeys, Mode, Recipient};
pub use self::rejection::Rejection;
pub use self::tree::{Field, Fields, Format, ParseError};
