//! Template messages, their templates, and the industries that accounts have.

mod industry;
mod kept;
mod library;
mod send;

pub(in crate::sandbox) use self::industry::Industries;
pub(in crate::sandbox) use self::kept::{Keyword, Templates};
