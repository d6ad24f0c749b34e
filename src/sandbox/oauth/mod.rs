//! Web OAuth: the authorisation page and the calls that exchange its code.

mod grants;
mod page;
mod profile;
mod trade;

pub(super) use self::grants::Grants;
