//! Web OAuth: the page that gives a code, and the calls that take it.

mod grants;
mod page;
mod profile;
mod trade;

pub(super) use self::grants::Grants;
