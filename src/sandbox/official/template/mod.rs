//! Template messages, templates, and the industries of accounts.

mod industry;
mod kept;
mod library;
mod send;

pub(in crate::sandbox) use self::industry::Industries;
pub(in crate::sandbox) use self::kept::{Keyword, Templates};
