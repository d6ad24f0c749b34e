//! Mini-programs.

pub(super) mod code;
mod expiry;
mod legal;
mod link;
mod page;
mod phone;
mod query_link;
mod session;
pub(super) mod short_link;
mod trade;

pub(super) use self::code::LimitedCodes;
pub(super) use self::link::Links;
pub(super) use self::page::Pages;
pub(super) use self::phone::Phones;
pub(super) use self::session::Sessions;
